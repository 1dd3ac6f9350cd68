#include "base/text_field.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

TEST(CheckText, SaysWhatIsWrongWithAText) {
  EXPECT_THAT(CheckText("title", "Ein Fluß\n\tin zwei Zeilen", 100), Succeeds());
  EXPECT_THAT(CheckText("title", "", 100), RefusesNaming(Parts{"title: got none"}));
  EXPECT_THAT(CheckText("title", "", 100, /*may_be_empty=*/true), Succeeds());
  EXPECT_THAT(CheckText("title", "abc", 2), RefusesNaming(Parts{"title: got 3 bytes"}));
  for (const std::string& bad :
       {std::string("a\0b", 3), std::string("a\x1b[2J"), std::string("\x7f")}) {
    EXPECT_THAT(CheckText("title", bad, 100), RefusesNaming(Parts{"title: got", "control"}));
  }
}

}  // namespace
}  // namespace imprint
