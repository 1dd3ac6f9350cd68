#include "cli/imprint/client/age_text.h"

#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

google::protobuf::Timestamp At(int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  return time;
}

TEST(AgeText, HasTheUnitThatPeopleWouldUse) {
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  EXPECT_EQ(AgeText(At(1'000'000), now), "now");
  EXPECT_EQ(AgeText(At(1'000'005), now), "now");  // another machine's clock
  EXPECT_EQ(AgeText(At(999'881), now), "119 s ago");
  EXPECT_EQ(AgeText(At(999'880), now), "2 min ago");
  EXPECT_EQ(AgeText(At(992'800), now), "2 h ago");
  EXPECT_EQ(AgeText(At(827'200), now), "2 days ago");
  EXPECT_EQ(AgeText(At(0), now), "-");
}

}  // namespace
}  // namespace imprint::cli
