#include "gateway/dispatch/finisher.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/dispatch/dispatch_fixture.h"
#include "gateway/dispatch/scripted_node.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class FinisherTest : public DispatchFixture {
 protected:
  // A training that is taught and waits for the registry.
  void Teach(const std::string& id) {
    NewJob created = Training(id);
    (*created.job.mutable_labels())["book"] = "7";
    Create(std::move(created));
    v1::TrainingResult result;
    result.set_embedding("embedding");
    result.set_steps(300);
    result.set_final_loss(0.25);
    result.set_first_norm(0.5);
    result.set_norm(0.75);
    ASSERT_THAT(records_.CompleteTraining(Lease(id).key, result), Succeeds());
    ASSERT_EQ(State(id), v1::JOB_STATE_FINALIZING);
  }

  // An image set that is drawn and waits for the registry.
  void Draw(const std::string& id) {
    Create(ImageSet(id, 2));
    ASSERT_THAT(DrawAll(Lease(id)), Succeeds());
    ASSERT_EQ(State(id), v1::JOB_STATE_FINALIZING);
  }

  void Cancel(const std::string& id) {
    ASSERT_THAT(jobs_.Cancel("t", id, "no longer wanted"), Succeeds());
    ASSERT_EQ(State(id), v1::JOB_STATE_CANCELLING);
  }

  // One whose set has the name that the gateway's API gives it.
  static NewJob NamedImageSet(const std::string& id) {
    NewJob created = ImageSet(id, 2);
    created.job.mutable_image_set()->set_image_set("imageSets/s");
    return created;
  }

  void Begin() {
    // Its first round finds the registry.
    ASSERT_TRUE(Eventually([&] { return !absl::IsUnavailable(client_.Ready()); }));
    finisher_ = std::make_unique<Finisher>(
        endings_, leases_, nodes_, client_, obstacles_, metrics_,
        [this] { return absl::Now() + absl::Minutes(passed_minutes_.load()); });
  }

  bool Reaches(const std::string& id, v1::JobState state) {
    return Eventually([&] { return State(id) == state; });
  }

  // Whether jobs that ended so were counted, and how many.
  bool Counts(const std::string& state, int jobs) {
    return absl::StrContains(
        metrics_.Text(), absl::StrCat("imprint_jobs_finished_total{state=\"", state, "\"} ", jobs));
  }

  ScriptedTrainer trainer_;
  Served node_{{&trainer_}};
  // What passes without anybody waiting for it.
  std::atomic<int> passed_minutes_ = 0;
  std::unique_ptr<Finisher> finisher_;
};

TEST_F(FinisherTest, ATrainingSucceedsWithTheVersionThatTheRegistryMakesOfIt) {
  Teach("a");
  Begin();
  ASSERT_TRUE(Reaches("a", v1::JOB_STATE_SUCCEEDED));
  EXPECT_EQ(jobs_.Get("t", "a")->result(), "concepts/rex/embeddings/1");
  ASSERT_THAT(fake_registry_.commits(), SizeIs(1));
  const v1::CommitEmbeddingRequest commit = fake_registry_.commits().front();
  EXPECT_EQ(commit.job(), "jobs/a");
  EXPECT_EQ(commit.content(), "embedding");
  EXPECT_EQ(commit.spec().token(), "<rex>");
  EXPECT_EQ(commit.base_model_fingerprint(), "f00d");
  EXPECT_EQ(commit.labels().at("book"), "7");
  EXPECT_EQ(commit.scores().steps(), 300);
  EXPECT_EQ(commit.scores().final_loss(), 0.25);
  EXPECT_EQ(commit.scores().first_norm(), 0.5);
  EXPECT_EQ(commit.scores().norm(), 0.75);
  EXPECT_FALSE(commit.has_report());
  EXPECT_TRUE(Eventually([&] { return Counts("SUCCEEDED", 1); }));
}

TEST_F(FinisherTest, NoRunCanAddToAResultThatIsCommitted) {
  Teach("a");
  Begin();
  ASSERT_TRUE(Reaches("a", v1::JOB_STATE_SUCCEEDED));
  EXPECT_THAT(fake_registry_.endings(), ElementsAre("revoke jobs/a", "commit jobs/a"));
}

TEST_F(FinisherTest, NoRunCanAddToAnImageSetThatIsComplete) {
  Draw("s");
  Begin();
  ASSERT_TRUE(Reaches("s", v1::JOB_STATE_SUCCEEDED));
  EXPECT_EQ(jobs_.Get("t", "s")->result(), "imageSets/s");
  EXPECT_THAT(fake_registry_.endings(), ElementsAre("revoke jobs/s", "complete imageSets/s"));
}

TEST_F(FinisherTest, WhileTicketsCannotBeRevokedNothingIsCommitted) {
  Teach("a");
  fake_registry_.AnswerRevocations({grpc::StatusCode::UNAVAILABLE, "the disk is full"});
  Begin();
  ASSERT_TRUE(Eventually([&] { return !obstacles_.Of("a").empty(); }));
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
  EXPECT_THAT(fake_registry_.commits(), IsEmpty());
}

TEST_F(FinisherTest, WhatTheRegistryCannotTakeNowIsTriedAgainAndSaid) {
  Teach("a");
  fake_registry_.AnswerCommits({grpc::StatusCode::RESOURCE_EXHAUSTED, "the disk is full"});
  Begin();
  ASSERT_TRUE(Eventually([&] { return !obstacles_.Of("a").empty(); }));
  EXPECT_THAT(obstacles_.Of("a"), HasSubstr("the disk is full"));
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
  fake_registry_.AnswerCommits(grpc::Status::OK);
  ASSERT_TRUE(Reaches("a", v1::JOB_STATE_SUCCEEDED));
  EXPECT_TRUE(Eventually([&] { return obstacles_.Of("a").empty(); }));
}

TEST_F(FinisherTest, ARegistryThatGoesOnFailingFailsTheJobAfterTenMinutes) {
  Teach("a");
  fake_registry_.AnswerCommits({grpc::StatusCode::INTERNAL, "a bug"});
  Begin();
  ASSERT_TRUE(Eventually([&] { return !obstacles_.Of("a").empty(); }));
  const auto tries = [&] { return fake_registry_.commits().size(); };
  passed_minutes_ = 5;
  const size_t before = tries();
  ASSERT_TRUE(Eventually([&] { return tries() >= before + 2; }));
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
  passed_minutes_ = 10;
  ASSERT_TRUE(Reaches("a", v1::JOB_STATE_FAILED));
  EXPECT_EQ(jobs_.Get("t", "a")->failure().message(), "a bug");
}

TEST_F(FinisherTest, WhatTheRegistryRefusesFailsTheJob) {
  Teach("a");
  fake_registry_.AnswerCommits({grpc::StatusCode::FAILED_PRECONDITION, "the pictures are gone"});
  Begin();
  ASSERT_TRUE(Reaches("a", v1::JOB_STATE_FAILED));
  EXPECT_EQ(jobs_.Get("t", "a")->failure().reason(), "REFUSED_BY_REGISTRY");
  EXPECT_EQ(jobs_.Get("t", "a")->failure().message(), "the pictures are gone");
  EXPECT_TRUE(Eventually([&] { return Unfinished().empty(); }));
  EXPECT_TRUE(Eventually([&] { return Counts("FAILED", 1); }));
  EXPECT_THAT(fake_registry_.commits(), SizeIs(1));
}

TEST_F(FinisherTest, OneJobThatCannotBeFinishedStopsNoOther) {
  Teach("a");
  fake_registry_.AnswerCommits({grpc::StatusCode::UNAVAILABLE, "busy"});
  Draw("s");
  Begin();
  EXPECT_TRUE(Reaches("s", v1::JOB_STATE_SUCCEEDED));
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
}

TEST_F(FinisherTest, NothingIsAskedOfARegistryThatCannotAnswer) {
  fake_models_.answer = {grpc::StatusCode::DATA_LOSS, "database: damaged"};
  Teach("a");
  Begin();
  ASSERT_TRUE(
      Eventually([&] { return absl::StrContains(obstacles_.Of("a"), "database: damaged"); }));
  EXPECT_THAT(fake_registry_.endings(), IsEmpty());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
}

TEST_F(FinisherTest, ACancelledJobsRunIsAbandonedAndItsTicketsAreVoid) {
  v1::NodeStatus heartbeat;
  heartbeat.set_node("n");
  heartbeat.set_kind(v1::NODE_KIND_TRAINER);
  nodes_.Heard(node_.address(), heartbeat);
  Create(Training("a"));
  Create(Training("b"));
  Lease("a");
  Lease("b");
  Cancel("a");
  Begin();
  ASSERT_TRUE(Reaches("a", v1::JOB_STATE_CANCELLED));
  EXPECT_THAT(trainer_.stopped(), Not(IsEmpty()));
  for (const v1::StopTrainingRequest& stop : trainer_.stopped()) {
    EXPECT_EQ(stop.run().job(), "jobs/a");
    EXPECT_EQ(stop.mode(), v1::STOP_MODE_ABANDON);
  }
  EXPECT_THAT(fake_registry_.endings(), ElementsAre("revoke jobs/a"));
  EXPECT_EQ(State("b"), v1::JOB_STATE_RUNNING);
  EXPECT_TRUE(Eventually([&] { return Counts("CANCELLED", 1); }));
}

TEST_F(FinisherTest, ANodeThatIsGoneKeepsNoJobFromBeingCancelled) {
  Create(Training("a"));
  Lease("a", "gone");
  Cancel("a");
  Begin();
  EXPECT_TRUE(Reaches("a", v1::JOB_STATE_CANCELLED));
}

TEST_F(FinisherTest, WhatACancelledImageSetHasIsKept) {
  Create(NamedImageSet("s"));
  ASSERT_THAT(records_.RecordPicture(Lease("s").key, Picture(0), "imageSets/s"), Succeeds());
  Cancel("s");
  Begin();
  ASSERT_TRUE(Reaches("s", v1::JOB_STATE_CANCELLED));
  EXPECT_THAT(fake_registry_.endings(), ElementsAre("revoke jobs/s", "close imageSets/s"));
}

TEST_F(FinisherTest, AnImageSetThatWasNeverBegunNeedsNoClosing) {
  fake_registry_.AnswerClosings({grpc::StatusCode::NOT_FOUND, "no such set"});
  Create(NamedImageSet("s"));
  Cancel("s");
  Begin();
  EXPECT_TRUE(Reaches("s", v1::JOB_STATE_CANCELLED));
}

TEST_F(FinisherTest, AJobIsNotCancelledWhileItsSetIsOpen) {
  fake_registry_.AnswerClosings({grpc::StatusCode::UNAVAILABLE, "busy"});
  Create(NamedImageSet("s"));
  Cancel("s");
  Begin();
  ASSERT_TRUE(Eventually([&] { return !obstacles_.Of("s").empty(); }));
  EXPECT_EQ(State("s"), v1::JOB_STATE_CANCELLING);
  fake_registry_.AnswerClosings(grpc::Status::OK);
  EXPECT_TRUE(Reaches("s", v1::JOB_STATE_CANCELLED));
}

TEST_F(FinisherTest, AFailedJobIsCleanedUpOnceAndStaysFailed) {
  NewJob created = Training("a");
  created.job.set_max_attempts(1);
  Create(std::move(created));
  ASSERT_THAT(records_.GiveBack(Lease("a").key, {.reason = "killed"}), Succeeds());
  ASSERT_THAT(Unfinished(), SizeIs(1));
  Begin();
  ASSERT_TRUE(Eventually([&] { return Unfinished().empty(); }));
  EXPECT_EQ(State("a"), v1::JOB_STATE_FAILED);
  EXPECT_THAT(fake_registry_.endings(), ElementsAre("revoke jobs/a"));
  EXPECT_TRUE(Eventually([&] { return Counts("FAILED", 1); }));
}

}  // namespace
}  // namespace imprint::gateway
