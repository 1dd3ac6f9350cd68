#include "gateway/jobs/leases.h"

#include <utility>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/jobs/store_fixture.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using LeasesTest = StoreFixture;

TEST_F(LeasesTest, TheNextAttemptResumesFromTheNewestCheckpoint) {
  Create(Training("a"));
  const RunLease first = Lease("a");
  EXPECT_THAT(first.checkpoint, IsEmpty());
  ASSERT_THAT(records_.RecordCheckpoint(first.key, Checkpoint(50)), Succeeds());
  ASSERT_THAT(records_.RecordCheckpoint(first.key, Checkpoint(100)), Succeeds());
  ASSERT_THAT(records_.RecordCheckpoint(first.key, Checkpoint(60)), Succeeds());
  ASSERT_THAT(records_.GiveBack(first.key, {}), Succeeds());
  EXPECT_EQ(Lease("a").checkpoint, Checkpoint(100).state());
}

TEST_F(LeasesTest, AnAttemptThatTakesTooLongIsAFaultAndTheNextOneMayDoBetter) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_attempt()->set_nanos(1000);
  Create(std::move(created));
  Lease("a");
  absl::SleepFor(absl::Milliseconds(5));
  ASSERT_OK_AND_ASSIGN(const auto expired, leases_.ExpiredRuns());
  ASSERT_THAT(expired, SizeIs(1));
  ASSERT_THAT(records_.GiveBack(expired[0].run.key, expired[0].end), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_THAT(jobs_.Attempts("a")->back(), HasSubstr("longer than timeouts.attempt"));
  EXPECT_EQ(Lease("a").key.attempt(), 2);
}

TEST_F(LeasesTest, AnExpiredLeaseIsLostAndARenewedOneIsNot) {
  Create(Training("a"));
  Create(Training("b"));
  ASSERT_OK_AND_ASSIGN(const RunLease dead, leases_.Lease("a", {"n"}, absl::Seconds(-1)));
  ASSERT_OK_AND_ASSIGN(const RunLease alive, leases_.Lease("b", {"n"}, absl::Seconds(-1)));
  ASSERT_THAT(leases_.Renew({alive.key}, absl::Minutes(1)), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto expired, leases_.ExpiredRuns());
  ASSERT_THAT(expired, SizeIs(1));
  EXPECT_EQ(expired[0].run.key.job(), "jobs/a");
  EXPECT_EQ(expired[0].end.state, v1::ATTEMPT_STATE_LOST);
  ASSERT_THAT(records_.GiveBack(expired[0].run.key, expired[0].end), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_EQ(State("b"), v1::JOB_STATE_RUNNING);
}

TEST_F(LeasesTest, AGangIsOneAttemptOfARunForEachRank) {
  Create(Training("a"));
  ASSERT_OK_AND_ASSIGN(const RunLease lease, leases_.Lease("a", {"x", "y", "x"}, absl::Minutes(1)));
  EXPECT_THAT(lease.nodes, ElementsAre("x", "y", "x"));
  ASSERT_OK_AND_ASSIGN(const auto current, leases_.Current());
  ASSERT_THAT(current, SizeIs(3));
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(current[static_cast<size_t>(rank)].key.rank(), rank);
    EXPECT_EQ(current[static_cast<size_t>(rank)].key.attempt(), 1);
    EXPECT_EQ(current[static_cast<size_t>(rank)].node, rank == 1 ? "y" : "x");
  }
  EXPECT_EQ(leases_.Reload(lease.key)->nodes, lease.nodes);
  ASSERT_OK_AND_ASSIGN(const auto events, jobs_.Events("a", 1, 100));
  EXPECT_THAT(events.back().attempt_change().nodes(), ElementsAre("x", "y", "x"));
  ASSERT_THAT(records_.GiveBack(lease.key, {.reason = "rank 1 on node y: killed"}), Succeeds());
  EXPECT_THAT(*leases_.Current(), IsEmpty());
  EXPECT_EQ(Lease("a").key.attempt(), 2);
}

TEST_F(LeasesTest, AGangIsLostWithAnyOfItsRanks) {
  Create(Training("a"));
  ASSERT_OK_AND_ASSIGN(const RunLease lease, leases_.Lease("a", {"x", "y"}, absl::Seconds(-1)));
  v1::RunKey second = lease.key;
  second.set_rank(1);
  ASSERT_THAT(leases_.Renew({lease.key}, absl::Minutes(1)), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto expired, leases_.ExpiredRuns());
  ASSERT_THAT(expired, SizeIs(1));
  EXPECT_THAT(expired[0].end.reason, HasSubstr("node y was not heard of"));
  ASSERT_THAT(leases_.Renew({second}, absl::Minutes(1)), Succeeds());
  EXPECT_THAT(*leases_.ExpiredRuns(), IsEmpty());
}

TEST_F(LeasesTest, AnAttemptThatIsOverRenewsNothing) {
  Create(Training("a"));
  const RunLease first = Lease("a");
  ASSERT_THAT(records_.GiveBack(first.key, {}), Succeeds());
  ASSERT_THAT(leases_.Lease("a", {"n"}, absl::Seconds(-1)), Succeeds());
  ASSERT_THAT(leases_.Renew({first.key}, absl::Minutes(1)), Succeeds());
  EXPECT_THAT(*leases_.ExpiredRuns(), SizeIs(1));
}

TEST_F(LeasesTest, TheFirstAttemptFixesWhatAutoStandsFor) {
  const LeaseTerms in_bf16 = {.precision = "bf16"};
  NewJob training = Training("a");
  training.job.mutable_training()->set_precision("auto");
  Create(std::move(training));
  NewJob chosen = Training("chosen");
  chosen.job.mutable_training()->set_precision("fp16");
  Create(std::move(chosen));
  NewJob set = ImageSet("s", 70);
  set.job.mutable_image_set()->set_precision("auto");
  Create(std::move(set));

  ASSERT_OK_AND_ASSIGN(const RunLease first, leases_.Lease("a", {"n"}, absl::Minutes(1), in_bf16));
  EXPECT_EQ(first.job.training().precision(), "bf16");
  EXPECT_EQ(jobs_.Get("t", "a")->training().precision(), "bf16");
  ASSERT_THAT(records_.GiveBack(first.key, {}), Succeeds());
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, queue_.Waiting(10));
  for (const WaitingJob& job : waiting.jobs) {
    EXPECT_EQ(job.precision, job.id == "a" ? "bf16" : job.id == "s" ? "auto" : "fp16");
  }
  EXPECT_EQ(Lease("a").job.training().precision(), "bf16");
  EXPECT_EQ(leases_.Lease("s", {"n"}, absl::Minutes(1), in_bf16)->job.image_set().precision(),
            "bf16");
  EXPECT_EQ(Lease("s").job.image_set().precision(), "bf16");
  EXPECT_EQ(leases_.Lease("chosen", {"n"}, absl::Minutes(1), in_bf16)->job.training().precision(),
            "fp16");
}

TEST_F(LeasesTest, TheFirstAttemptFixesThePlacesOfASetsBatches) {
  Create(Training("a"));
  Create(ImageSet("s", 70));
  NewJob chosen = ImageSet("chosen", 70);
  chosen.job.mutable_image_set()->set_batch_places(16);
  Create(std::move(chosen));
  const auto places = [&](const std::string& id, int given) {
    const auto lease = leases_.Lease(id, {"n"}, absl::Minutes(1), {.batch_places = given});
    EXPECT_TRUE(lease.ok()) << lease.status();
    return lease->job.image_set().batch_places();
  };
  EXPECT_EQ(places("s", 0), 0) << "nobody says";
  EXPECT_EQ(places("s", 8), 8);
  EXPECT_EQ(places("s", 4), 8);
  EXPECT_EQ(jobs_.Get("t", "s")->image_set().batch_places(), 8);
  EXPECT_EQ(places("chosen", 8), 16);
  ASSERT_OK_AND_ASSIGN(const RunLease training,
                       leases_.Lease("a", {"n"}, absl::Minutes(1), {.batch_places = 8}));
  EXPECT_TRUE(training.job.has_training());
}

TEST_F(LeasesTest, ARefusedLeaseFixesNoPrecision) {
  NewJob created = Training("a");
  created.job.mutable_training()->set_precision("auto");
  Create(std::move(created));
  ASSERT_THAT(jobs_.Cancel("t", "a", ""), Succeeds());
  EXPECT_THAT(leases_.Lease("a", {"n"}, absl::Minutes(1), {.precision = "bf16"}),
              Fails(absl::StatusCode::kFailedPrecondition, ::testing::_));
  EXPECT_EQ(jobs_.Get("t", "a")->training().precision(), "auto");
}

TEST_F(LeasesTest, AnImageSetIsDrawnInChunksOnSeveralNodesAtOnce) {
  Create(ImageSet("s", 70));
  const RunLease first = Lease("s", "x");
  const RunLease second = Lease("s", "y");
  EXPECT_EQ(second.first_item, 32);
  ASSERT_OK_AND_ASSIGN(const WaitingJobs waiting, queue_.Waiting(10));
  ASSERT_THAT(waiting.jobs, SizeIs(1));
  EXPECT_EQ(waiting.jobs[0].chunks, 1);
  ASSERT_OK_AND_ASSIGN(const auto current, leases_.Current());
  ASSERT_THAT(current, SizeIs(2));
  EXPECT_EQ(current[0].tenant, "t");
  const RunLease third = Lease("s", "z");
  EXPECT_EQ(third.item_count, 6);
  EXPECT_THAT(leases_.Lease("s", {"w"}, absl::Minutes(1)),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("no chunk")));
  EXPECT_THAT(DrawAll(first), Succeeds());
  EXPECT_THAT(DrawAll(third), Succeeds());
  EXPECT_EQ(State("s"), v1::JOB_STATE_RUNNING);
  EXPECT_THAT(DrawAll(second), Succeeds());
  EXPECT_EQ(State("s"), v1::JOB_STATE_FINALIZING);
  EXPECT_EQ(jobs_.Get("t", "s")->items_done(), 70);
}

}  // namespace
}  // namespace imprint::gateway
