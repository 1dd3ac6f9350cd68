#include "gateway/scheduler/drawing_pace.h"

#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

TEST(DrawingPace, ChunksTakeAboutTheTimeThatIsWanted) {
  DrawingPace pace;
  pace.Note("m", "fp32", 10, 4, absl::Seconds(8));  // 0.2 s a unit
  EXPECT_EQ(pace.ItemsFor("m", "fp32", 10, absl::Seconds(20)), 10);
  EXPECT_EQ(pace.ItemsFor("m", "fp32", 5, absl::Seconds(20)), 20);
  EXPECT_EQ(pace.ItemsFor("m", "fp32", 1, absl::Seconds(20)), kMostChunkItems);
  EXPECT_EQ(pace.ItemsFor("m", "fp32", 1000, absl::Seconds(20)), kLeastChunkItems);
}

TEST(DrawingPace, OfWhatWasNotSeenAFewAreTried) {
  DrawingPace pace;
  EXPECT_EQ(pace.ItemsFor("m", "fp32", 10, absl::Seconds(20)), kLeastChunkItems);
  pace.Note("m", "fp32", 10, 4, absl::Seconds(1));
  EXPECT_EQ(pace.ItemsFor("m", "bf16", 10, absl::Seconds(20)), kLeastChunkItems);
  EXPECT_EQ(pace.ItemsFor("other", "fp32", 10, absl::Seconds(20)), kLeastChunkItems);
  EXPECT_EQ(pace.ItemsFor("old job", "fp32", 0, absl::Seconds(20)), kMostChunkItems);
}

TEST(DrawingPace, FollowsWhatChanges) {
  DrawingPace pace;
  pace.Note("m", "fp32", 1, 1, absl::Seconds(1));
  for (int i = 0; i < 30; ++i) pace.Note("m", "fp32", 1, 1, absl::Seconds(4));
  EXPECT_EQ(pace.ItemsFor("m", "fp32", 1, absl::Seconds(40)), 10);
  pace.Note("m", "fp32", 1, 0, absl::Seconds(1));
  pace.Note("m", "fp32", 1, 1, absl::ZeroDuration());
  EXPECT_EQ(pace.ItemsFor("m", "fp32", 1, absl::Seconds(40)), 10) << "nothing says nothing";
}

TEST(InFullBatches, LeavesNoPlaceEmpty) {
  EXPECT_EQ(InFullBatches(10, 8), 8);
  EXPECT_EQ(InFullBatches(4, 8), 8);
  EXPECT_EQ(InFullBatches(32, 8), 32);
  EXPECT_EQ(InFullBatches(31, 1), 31);
  EXPECT_EQ(InFullBatches(10, 0), 10) << "nobody knows";
}

}  // namespace
}  // namespace imprint::gateway
