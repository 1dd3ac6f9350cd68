#include "base/png/inflate.h"

#include <gtest/gtest.h>

#include "base/png/deflate_for_tests.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

absl::StatusOr<std::string> Inflated(const std::string& stream, size_t limit = 1 << 20) {
  return Inflate(std::as_bytes(std::span(stream.data(), stream.size())), limit);
}

TEST(Inflate, GivesWhatWentIn) {
  const std::string long_text(700'000, 'x');
  EXPECT_THAT(Inflated(Deflated("hello")), SucceedsWith("hello"));
  EXPECT_THAT(Inflated(Deflated("")), SucceedsWith(""));
  EXPECT_THAT(Inflated(Deflated(long_text)), SucceedsWith(long_text));
  EXPECT_THAT(Inflated(Deflated("hello") + "more"), SucceedsWith("hello"));
}

TEST(Inflate, StopsAtTheLimit) {
  const std::string bomb = Deflated(std::string(1'000'000, '\0'));
  EXPECT_LT(bomb.size(), 2000);
  EXPECT_THAT(Inflated(bomb, 999'999), RefusesNaming(Parts{"more than 999999 bytes"}));
  EXPECT_THAT(Inflated(bomb, 1'000'000), Succeeds());
}

TEST(Inflate, DamageIsNamed) {
  const std::string stream = Deflated("a text that is long enough to be cut");
  EXPECT_THAT(Inflated(stream.substr(0, 20)), RefusesNaming(Parts{"an early end"}));
  EXPECT_THAT(Inflated("no stream"), RefusesNaming(Parts{"deflated data: got", "zlib stream"}));
  EXPECT_THAT(Inflated(""), RefusesNaming(Parts{"deflated data"}));
}

}  // namespace
}  // namespace imprint
