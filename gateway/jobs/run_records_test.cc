#include "gateway/jobs/run_records.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/jobs/store_fixture.h"

namespace imprint::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

using RunRecordsTest = StoreFixture;

TEST_F(RunRecordsTest, ASupersededAttemptCannotCommit) {
  Create(Training("a"));
  const RunLease first = Lease("a", "slow");
  ASSERT_THAT(records_.GiveBack(first.key, {}), Succeeds());
  const RunLease second = Lease("a", "quick");
  EXPECT_EQ(second.key.attempt(), 2);
  const auto refused = Fails(absl::StatusCode::kAborted, HasSubstr("superseded"));
  EXPECT_THAT(records_.CompleteTraining(first.key, {}), refused);
  EXPECT_THAT(records_.RecordProgress(first.key, {}), refused);
  EXPECT_THAT(records_.RecordCheckpoint(first.key, Checkpoint(1)), refused);
  EXPECT_THAT(records_.GiveBack(first.key, {}), refused);
  EXPECT_THAT(leases_.Reload(first.key), refused);
  EXPECT_THAT(records_.CompleteTraining(second.key, {}), Succeeds());
  EXPECT_THAT(records_.CompleteTraining(second.key, {}), refused) << "done once";
}

TEST_F(RunRecordsTest, EveryAttemptComputesWithTheFirstOnesThreads) {
  Create(Training("a"));
  const RunLease first = Lease("a");
  v1::RunStarted started;
  started.set_compute_threads(4);
  ASSERT_THAT(records_.RecordStart(first.key, started), Succeeds());
  started.set_compute_threads(8);
  ASSERT_THAT(records_.RecordStart(first.key, started), Succeeds());
  ASSERT_THAT(records_.GiveBack(first.key, {}), Succeeds());
  EXPECT_EQ(Lease("a").job.training().compute_threads(), 4);
}

TEST_F(RunRecordsTest, FaultsWithoutProgressFailTheJobAndProgressForgivesThem) {
  Create(Training("a"));
  for (int i = 0; i < 2; ++i) ASSERT_THAT(records_.GiveBack(Lease("a").key, {}), Succeeds());
  const RunLease third = Lease("a");
  ASSERT_THAT(records_.RecordCheckpoint(third.key, Checkpoint(5)), Succeeds());
  ASSERT_THAT(records_.GiveBack(third.key, {}), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  for (int i = 0; i < 2; ++i) {
    ASSERT_THAT(records_.GiveBack(Lease("a").key, {.reason = "killed by signal 9"}), Succeeds());
  }
  EXPECT_EQ(State("a"), v1::JOB_STATE_FAILED);
  EXPECT_THAT(jobs_.Get("t", "a")->failure().message(),
              HasSubstr("3 faults without progress; the last: killed by signal 9"));
}

TEST_F(RunRecordsTest, WhatIsNoFaultDoesNotCount) {
  Create(Training("a"));
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(
        records_.GiveBack(Lease("a").key, {.state = v1::ATTEMPT_STATE_STOPPED, .fault = false}),
        Succeeds());
  }
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
}

TEST_F(RunRecordsTest, AWaitIsKeptBeforeTheNextAttempt) {
  Create(Training("a"));
  ASSERT_THAT(records_.GiveBack(Lease("a").key, {.wait = absl::Hours(1)}), Succeeds());
  EXPECT_THAT(queue_.Waiting(10)->jobs, IsEmpty());
}

TEST_F(RunRecordsTest, OneOutageIsOneFaultOfEachChunk) {
  Create(ImageSet("s", 100));
  std::vector<RunLease> leases;
  for (int i = 0; i < 4; ++i) leases.push_back(Lease("s", absl::StrCat("n", i)));
  for (const RunLease& lease : leases) ASSERT_THAT(records_.GiveBack(lease.key, {}), Succeeds());
  EXPECT_EQ(State("s"), v1::JOB_STATE_PENDING) << "each of its four chunks was tried once";
}

TEST_F(RunRecordsTest, AChunkThatNeverComesToAnythingEndsTheJobWhateverOthersDo) {
  Create(ImageSet("s", 100));
  for (int i = 0; i < 3; ++i) {
    const RunLease poison = Lease("s");
    ASSERT_EQ(poison.key.chunk(), 0);
    const RunLease other = Lease("s");
    EXPECT_THAT(DrawAll(other), Succeeds());
    ASSERT_THAT(records_.GiveBack(poison.key, {.reason = "killed by signal 11"}), Succeeds());
  }
  EXPECT_EQ(State("s"), v1::JOB_STATE_FAILED);
}

TEST_F(RunRecordsTest, APictureCountsOnceAndIsNotDrawnAgain) {
  Create(ImageSet("s", 4));
  const RunLease first = Lease("s");
  ASSERT_THAT(records_.RecordPicture(first.key, Picture(2), "imageSets/s"), Succeeds());
  ASSERT_THAT(records_.RecordPicture(first.key, Picture(2), "imageSets/s"), Succeeds());
  EXPECT_EQ(jobs_.Get("t", "s")->items_done(), 1);
  EXPECT_THAT(records_.CompleteChunk(first.key, "imageSets/s"),
              Fails(absl::StatusCode::kInternal, HasSubstr("missing")));
  ASSERT_THAT(records_.GiveBack(first.key, {}), Succeeds());
  EXPECT_EQ(Lease("s").done_bits, 4u);
}

}  // namespace
}  // namespace imprint::gateway
