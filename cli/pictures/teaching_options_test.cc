#include "cli/pictures/teaching_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;

TEST(TokenFromFolder, IsItsNameInBrackets) {
  EXPECT_EQ(TokenFromFolder("photos/rex/"), "<rex>");
  EXPECT_EQ(TokenFromFolder("photos/old town"), "<old-town>");
  const ScratchFolder folder;
  EXPECT_EQ(TokenFromFolder(folder.Write("mia.png", "")), "<mia>");
}

TEST(AdviceOnToken, IsOfCapitalsAndOfLettersInPieces) {
  EXPECT_EQ(AdviceOnToken("<rex-2>"), std::nullopt);
  EXPECT_THAT(AdviceOnToken("<Rex>").value_or(""), ::testing::HasSubstr("\"<rex>\""));
  EXPECT_TRUE(AdviceOnToken("<rose\u0301>").has_value());
}

TEST(ReadTemplates, ReadsCaptionsAndNamesWhatIsTooLarge) {
  const ScratchFolder folder;
  EXPECT_THAT(*ReadTemplates(folder.Write("captions", "a photo of {}\n# no\n{} at night\n")),
              ElementsAre("a photo of {}", "{} at night"));
  EXPECT_THAT(ReadTemplates(folder.Write("large", std::string((1 << 20) + 1, 'x'))),
              RefusesNaming(std::vector<std::string>{"templates", "at most 1048576 bytes"}));
}

}  // namespace
}  // namespace imprint::cli
