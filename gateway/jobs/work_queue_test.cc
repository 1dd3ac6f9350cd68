#include "gateway/jobs/work_queue.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/jobs/store_fixture.h"

namespace imprint::gateway {
namespace {

using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using WorkQueueTest = StoreFixture;

TEST_F(WorkQueueTest, JobsOfAPrecisionThatNobodyHasHideNoOthers) {
  for (const char* id : {"a", "b"}) {
    NewJob created = Training(id);
    created.job.mutable_training()->set_precision("bf16");
    Create(std::move(created));
  }
  Create(Training("unsaid"));
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, queue_.Waiting(2));
  std::vector<std::string> found;
  for (const WaitingJob& job : waiting.jobs) found.push_back(job.precision);
  EXPECT_THAT(found, UnorderedElementsAre("bf16", "fp32"));
}

TEST_F(WorkQueueTest, JobsOfABatchThatNobodyHasHideNoOthers) {
  for (const char* id : {"a", "b"}) {
    NewJob created = ImageSet(id, 70);
    created.job.mutable_image_set()->set_batch_places(32);
    Create(std::move(created));
  }
  Create(ImageSet("unsaid", 70));
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, queue_.Waiting(2));
  std::vector<int> found;
  for (const WaitingJob& job : waiting.jobs) {
    found.push_back(job.batch_places);
    EXPECT_EQ(job.items_total, 70);
  }
  EXPECT_THAT(found, UnorderedElementsAre(32, 0));
}

TEST_F(WorkQueueTest, ManyWaitingJobsOfOneTenantHideNoOthers) {
  for (const char* id : {"a", "b", "c"}) Create(Training(id));
  NewJob urgent = Training("urgent");
  urgent.job.set_priority(v1::JOB_PRIORITY_INTERACTIVE);
  Create(std::move(urgent));
  ASSERT_THAT(jobs_.Create("other", Training("other")), Succeeds());
  ASSERT_THAT(jobs_.Create("t", ImageSet("set", 40)), Succeeds()) << "another kind";
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, queue_.Waiting(3));
  std::vector<std::string> ids;
  for (const WaitingJob& job : waiting.jobs) ids.push_back(job.id);
  EXPECT_THAT(ids, UnorderedElementsAre("urgent", "other", "set"));
  EXPECT_TRUE(waiting.cut_off);
  EXPECT_FALSE(queue_.Waiting(100)->cut_off);
  ASSERT_OK_AND_ASSIGN(const auto queue, queue_.Queue());
  EXPECT_EQ(queue.at("training").chunks, 5);
  EXPECT_EQ(queue.at("image_set").chunks, 2);
}

TEST_F(WorkQueueTest, JobsWhoseChunksAreAllGivenHideNoOthers) {
  Create(Training("a"));
  Create(Training("b"));
  Lease("a");
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, queue_.Waiting(1));
  ASSERT_THAT(waiting.jobs, SizeIs(1));
  EXPECT_EQ(waiting.jobs[0].id, "b");
  EXPECT_FALSE(waiting.cut_off);
}

TEST_F(WorkQueueTest, WhatACancelledJobComputedIsCharged) {
  Create(Training("a"));
  Lease("a");
  absl::SleepFor(absl::Milliseconds(20));
  ASSERT_THAT(jobs_.Cancel("t", "a", ""), Succeeds());
  ASSERT_THAT(endings_.Stopped("a"), Succeeds());
  EXPECT_GT((*queue_.Usage())["t"], 0);
}

TEST_F(WorkQueueTest, AGangIsChargedForEachRank) {
  const auto charged = [&](const std::string& job, const std::vector<std::string>& nodes) {
    Create(Training(job));
    const double before = (*queue_.Usage())["t"];
    const auto lease = leases_.Lease(job, nodes, absl::Minutes(1));
    absl::SleepFor(absl::Milliseconds(100));
    EXPECT_THAT(records_.CompleteTraining(lease->key, {}), Succeeds());
    return (*queue_.Usage())["t"] - before;
  };
  const double one = charged("a", {"x"});
  EXPECT_GT(charged("b", {"x", "y", "z", "x", "y", "z"}), 3 * one);
}

}  // namespace
}  // namespace imprint::gateway
