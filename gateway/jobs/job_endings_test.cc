#include "gateway/jobs/job_endings.h"

#include <string>
#include <utility>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/jobs/store_fixture.h"

namespace imprint::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JobEndingsTest : public StoreFixture {
 protected:
  // As the Dispatcher does.
  void ExpireJobs() {
    ASSERT_OK_AND_ASSIGN(const auto expired, endings_.ExpiredJobs());
    for (const std::string& id : expired) EXPECT_THAT(endings_.ExpireJob(id), Succeeds());
  }
};

TEST_F(JobEndingsTest, ATrainingGoesFromPendingToSucceeded) {
  Create(Training("a"));
  const RunLease lease = Lease("a");
  EXPECT_EQ(lease.key.attempt(), 1);
  EXPECT_EQ(lease.job.training().token(), "<rex>");
  EXPECT_EQ(State("a"), v1::JOB_STATE_RUNNING);
  v1::TrainingResult result;
  result.set_embedding(std::string("\0bytes", 6));
  ASSERT_THAT(records_.CompleteTraining(lease.key, result), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
  EXPECT_EQ(endings_.Result("a")->embedding(), result.embedding());
  ASSERT_THAT(endings_.Finish("a", "concepts/rex/embeddings/1"), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(endings_.Finish("a", "concepts/rex/embeddings/1"), Succeeds()) << "done twice";
  EXPECT_EQ(jobs_.Get("t", "a")->result(), "concepts/rex/embeddings/1");
}

TEST_F(JobEndingsTest, AJobThatWaitsTooLongFails) {
  NewJob hurried = Training("hurried");
  hurried.job.mutable_timeouts()->mutable_queue()->set_nanos(1000);
  NewJob begun = Training("begun");
  *begun.job.mutable_timeouts() = hurried.job.timeouts();
  Create(Training("patient"));
  Create(std::move(hurried));
  Create(std::move(begun));
  ASSERT_THAT(records_.RecordStart(Lease("begun").key, {}), Succeeds());
  absl::SleepFor(absl::Milliseconds(5));
  ExpireJobs();
  EXPECT_EQ(jobs_.Get("t", "hurried")->failure().reason(), "QUEUE_TIMEOUT");
  EXPECT_EQ(State("patient"), v1::JOB_STATE_PENDING);
  EXPECT_EQ(State("begun"), v1::JOB_STATE_RUNNING);
}

TEST_F(JobEndingsTest, AJobThatTakesTooLongInAllFails) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_total()->set_nanos(1000);
  Create(std::move(created));
  const RunLease lease = Lease("a");
  absl::SleepFor(absl::Milliseconds(5));
  ExpireJobs();
  EXPECT_EQ(jobs_.Get("t", "a")->failure().reason(), "TOTAL_TIMEOUT");
  EXPECT_FALSE(records_.CompleteTraining(lease.key, {}).ok());
}

TEST_F(JobEndingsTest, AJobThatWasGivenAwayButNeverBegunStillWaits) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_queue()->set_nanos(1000);
  Create(std::move(created));
  ASSERT_THAT(records_.GiveBack(Lease("a").key, {.reason = "refused", .fault = false}), Succeeds());
  absl::SleepFor(absl::Milliseconds(5));
  ExpireJobs();
  EXPECT_EQ(jobs_.Get("t", "a")->failure().reason(), "QUEUE_TIMEOUT");
}

TEST_F(JobEndingsTest, AJobThatNeverBegunIsFailedByTheLimitThatPassed) {
  NewJob created = Training("a");
  created.job.mutable_timeouts()->mutable_queue()->set_seconds(3600);
  created.job.mutable_timeouts()->mutable_total()->set_nanos(1000);
  Create(std::move(created));
  absl::SleepFor(absl::Milliseconds(5));
  ExpireJobs();
  EXPECT_EQ(jobs_.Get("t", "a")->failure().reason(), "TOTAL_TIMEOUT");
}

TEST_F(JobEndingsTest, AJobThatEndedMeanwhileDoesNotExpire) {
  Create(Training("a"));
  ASSERT_THAT(endings_.ExpireJob("a"), Succeeds()) << "it has all the time";
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
}

TEST_F(JobEndingsTest, CancelStopsEveryStateAndNothingIsCommittedAfterIt) {
  Create(Training("pending"));
  Create(Training("running"));
  Create(Training("finalizing"));
  const RunLease running = Lease("running");
  ASSERT_THAT(records_.CompleteTraining(Lease("finalizing").key, {}), Succeeds());
  for (const char* id : {"pending", "running", "finalizing"}) {
    ASSERT_THAT(jobs_.Cancel("t", id, "enough"), Succeeds());
    ASSERT_THAT(jobs_.Cancel("t", id, "again"), Succeeds());
  }
  EXPECT_EQ(State("pending"), v1::JOB_STATE_CANCELLING);
  EXPECT_THAT(records_.CompleteTraining(running.key, {}),
              Fails(absl::StatusCode::kAborted, HasSubstr("superseded")));
  for (const char* id : {"pending", "running"}) {
    ASSERT_THAT(endings_.Stopped(id), Succeeds());
    EXPECT_EQ(State(id), v1::JOB_STATE_CANCELLED);
  }
  EXPECT_EQ(State("finalizing"), v1::JOB_STATE_FINALIZING) << "its result was there already";
}

TEST_F(JobEndingsTest, AFatalEndFailsTheJobAndLeavesItToBeCleanedUp) {
  Create(Training("a"));
  RunEnd end = {.fatal = true};
  end.failure.set_reason("BAD_INPUT");
  end.failure.set_message("token: got \"dog\"");
  ASSERT_THAT(records_.GiveBack(Lease("a").key, end), Succeeds());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FAILED);
  ASSERT_THAT(Unfinished(), SizeIs(1));
  ASSERT_THAT(endings_.Stopped("a"), Succeeds());
  EXPECT_THAT(Unfinished(), IsEmpty());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FAILED);
}

}  // namespace
}  // namespace imprint::gateway
