#include "cli/imprint/up/restart_delay.h"

#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

TEST(RestartDelay, DoublesUpToFiveSeconds) {
  RestartDelay delay;
  for (const int milliseconds : {200, 400, 800, 1600, 3200, 5000, 5000}) {
    EXPECT_EQ(delay.Next(absl::Seconds(1)), absl::Milliseconds(milliseconds));
  }
}

TEST(RestartDelay, BeginsAgainForAServerThatRanForAWhile) {
  RestartDelay delay;
  for (int i = 0; i < 6; ++i) delay.Next(absl::ZeroDuration());
  EXPECT_EQ(delay.Next(absl::Minutes(1)), absl::Milliseconds(200));
  EXPECT_EQ(delay.Next(absl::Seconds(9)), absl::Milliseconds(400));
}

}  // namespace
}  // namespace imprint::cli
