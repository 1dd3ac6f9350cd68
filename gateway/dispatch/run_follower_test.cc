#include "gateway/dispatch/run_follower.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/dispatch/dispatch_fixture.h"
#include "gateway/dispatch/scripted_node.h"
#include "gateway/jobs/item_plan.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RunFollowerTest : public DispatchFixture {
 protected:
  RunFollowerTest() {
    nodes_.Heard(node_.address(), Heartbeat("n"));
    nodes_.Heard(second_node_.address(), Heartbeat("m"));
  }

  static v1::NodeStatus Heartbeat(const std::string& node) {
    v1::NodeStatus status;
    status.set_node(node);
    return status;
  }

  // A training that fails with its first fault.
  static NewJob Fragile(const std::string& id) {
    NewJob created = Training(id);
    created.job.set_max_attempts(1);
    return created;
  }

  // Two pictures whose work is known.
  static NewJob SizedImageSet(const std::string& id) {
    NewJob created = ImageSet(id, 2);
    v1::ImageSetSpec& spec = *created.job.mutable_image_set();
    spec.set_width(512);
    spec.set_height(512);
    spec.set_steps(20);
    created.item_work = ItemWork(spec);
    return created;
  }

  // Pictures of that job in a chunk that is to take an hour.
  int64_t ItemsInAnHour(const std::string& id) {
    const v1::ImageSetSpec spec = Get(id).image_set();
    return pace_.ItemsFor("f00d", spec.precision(), ItemWork(spec), absl::Hours(1));
  }

  static v1::RunEvent Started() {
    v1::RunEvent event;
    event.mutable_started()->set_compute_threads(2);
    return event;
  }

  static v1::RunEvent Checkpointed(int64_t step) {
    v1::RunEvent event;
    *event.mutable_checkpoint() = Checkpoint(step);
    return event;
  }

  static v1::RunEvent At(int64_t step) {
    v1::RunEvent event;
    event.mutable_progress()->set_step(step);
    return event;
  }

  static v1::RunEvent Taught() {
    v1::RunEvent event;
    event.mutable_training_result()->set_embedding("embedding");
    return event;
  }

  static v1::RunEvent Drawn(int64_t index) {
    v1::RunEvent event;
    *event.mutable_picture() = Picture(index);
    return event;
  }

  static v1::RunEvent ChunkDone() {
    v1::RunEvent event;
    event.mutable_chunk_result();
    return event;
  }

  static v1::RunEvent DoorAt(int port) {
    v1::RunEvent event;
    event.mutable_door()->set_host("127.0.0.1");
    event.mutable_door()->set_port(port);
    return event;
  }

  // Follows a run whose seats are these, in order of rank.
  void Follow(const RunLease& lease, std::vector<RunNode> seats, bool adopted = false) {
    follower_.reset();
    ended_ = std::make_unique<absl::Notification>();
    follower_ = std::make_unique<RunFollower>(lease, std::move(seats), adopted, "registry:1",
                                              leases_, records_, nodes_, client_, obstacles_, pace_,
                                              plans_, [this] { ended_->Notify(); });
  }
  void Follow(const RunLease& lease) { Follow(lease, {OnTrainer()}); }
  void Adopt(const RunLease& lease) { Follow(lease, {OnTrainer()}, /*adopted=*/true); }

  bool Ends() { return ended_->WaitForNotificationWithTimeout(absl::Seconds(20)); }

  RunNode OnTrainer() const { return {.name = "n", .address = node_.address()}; }
  RunNode OnSecondTrainer() const { return {.name = "m", .address = second_node_.address()}; }
  RunNode OnSampler() const {
    return {.name = "s", .address = sampler_node_.address(), .kind = v1::NODE_KIND_SAMPLER};
  }

  // A training by a gang of two.
  RunLease LeaseGang(const std::string& id) {
    auto lease = leases_.Lease(id, {"n", "m"}, absl::Minutes(1));
    EXPECT_TRUE(lease.ok()) << lease.status();
    return *std::move(lease);
  }

  v1::Job Get(const std::string& id) { return *jobs_.Get("t", id); }
  std::string LastAttempt(const std::string& id) { return jobs_.Attempts(id)->back(); }

  ScriptedTrainer trainer_;
  ScriptedTrainer second_trainer_;
  ScriptedSampler sampler_;
  Served node_{{&trainer_}};
  Served second_node_{{&second_trainer_}};
  Served sampler_node_{{&sampler_}};
  DrawingPace pace_;
  sets::ExpansionCache plans_;
  std::unique_ptr<absl::Notification> ended_;
  std::unique_ptr<RunFollower> follower_;
};

TEST_F(RunFollowerTest, BeginsARunWithAllThatItNeeds) {
  Create(Training("a"));
  ASSERT_THAT(records_.RecordCheckpoint(Lease("a").key, Checkpoint(50)), Succeeds());
  ASSERT_THAT(records_.GiveBack(leases_.Current()->front().key, {}), Succeeds());
  Follow(Lease("a"));
  ASSERT_TRUE(Eventually([&] { return !trainer_.started().empty(); }));
  const v1::StartTrainingRequest order = trainer_.started().front();
  EXPECT_EQ(order.run().job(), "jobs/a");
  EXPECT_EQ(order.run().attempt(), 2);
  EXPECT_EQ(order.spec().token(), "<rex>");
  EXPECT_EQ(order.model().fingerprint(), "f00d");
  EXPECT_EQ(order.ticket().registry(), "registry:1");
  EXPECT_EQ(order.ticket().token(), "ticket");
  EXPECT_EQ(order.checkpoint(), Checkpoint(50).state());
  EXPECT_FALSE(order.has_gang());
  ASSERT_THAT(fake_registry_.issued(), SizeIs(1));
  EXPECT_EQ(fake_registry_.issued().front().run().attempt(), 2);
}

TEST_F(RunFollowerTest, SupersededAttemptCannotCommit) {
  Create(Training("a"));
  const RunLease first = Lease("a");
  Follow(first);
  ASSERT_TRUE(Eventually([&] { return !trainer_.attached().empty(); }));
  ASSERT_THAT(records_.GiveBack(first.key, {}), Succeeds());
  const RunLease second = Lease("a");
  trainer_.Say(Taught());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_RUNNING);
  ASSERT_THAT(trainer_.stopped(), SizeIs(1));
  EXPECT_EQ(trainer_.stopped().front().run().attempt(), 1);
  EXPECT_EQ(trainer_.stopped().front().mode(), v1::STOP_MODE_ABANDON);
  EXPECT_THAT(obstacles_.Of("a"), IsEmpty()) << "it has nothing to say of the job any more";
  EXPECT_THAT(leases_.Reload(second.key), Succeeds());
}

TEST_F(RunFollowerTest, ACancelledJobsRunIsAbandoned) {
  Create(Training("a"));
  Follow(Lease("a"));
  ASSERT_TRUE(Eventually([&] { return !trainer_.attached().empty(); }));
  ASSERT_THAT(jobs_.Cancel("t", "a", "no longer wanted"), Succeeds());
  trainer_.Say(Checkpointed(50));
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_CANCELLING);
  ASSERT_THAT(trainer_.stopped(), SizeIs(1));
  EXPECT_EQ(trainer_.stopped().front().mode(), v1::STOP_MODE_ABANDON);
}

TEST_F(RunFollowerTest, AResultIsStoredAndItsPicturesStayHeld) {
  Create(Training("a"));
  Follow(Lease("a"));
  trainer_.Say(Started());
  trainer_.Say(Taught());
  ASSERT_TRUE(Ends());
  EXPECT_TRUE(follower_->ended());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
  ASSERT_OK_AND_ASSIGN(const v1::TrainingResult result, endings_.Result("a"));
  EXPECT_EQ(result.embedding(), "embedding");
  EXPECT_THAT(fake_registry_.ended(), IsEmpty()) << "its ticket is good until it is committed";
}

TEST_F(RunFollowerTest, TheLastProgressIsStoredHoweverSoonTheResultComes) {
  Create(Training("a"));
  Follow(Lease("a"));
  for (int64_t step = 1; step <= 3; ++step) trainer_.Say(At(step));
  trainer_.Say(Taught());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(Get("a").progress().step(), 3);
}

TEST_F(RunFollowerTest, AStreamThatBreaksIsTakenUpBehindWhatIsStored) {
  Create(Training("a"));
  const RunLease lease = Lease("a");
  Follow(lease);
  trainer_.Say(Started());
  trainer_.Say(Checkpointed(50));
  ASSERT_TRUE(Eventually([&] { return leases_.Reload(lease.key)->checkpoint_step == 50; }));
  trainer_.BreakStreams();
  ASSERT_TRUE(Eventually([&] { return trainer_.attached().back().from_event() == 3; }));
  EXPECT_EQ(State("a"), v1::JOB_STATE_RUNNING) << "whether a node is gone, its heartbeat says";
  trainer_.Say(Taught());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
}

TEST_F(RunFollowerTest, WhatCannotBeStoredIsAskedForAgainAndSaid) {
  Create(Training("a"));
  const RunLease lease = Lease("a");
  Follow(lease);
  trainer_.Say(Started());
  ASSERT_TRUE(Eventually([&] { return Get("a").training().compute_threads() == 2; }));
  DamageRecord("a");
  trainer_.Say(Checkpointed(50));
  ASSERT_TRUE(Eventually([&] { return !obstacles_.Of("a").empty(); }));
  EXPECT_THAT(obstacles_.Of("a"), HasSubstr("the gateway cannot store what comes: "));
  MendRecord("a");
  EXPECT_TRUE(Eventually([&] { return leases_.Reload(lease.key)->checkpoint_step == 50; }));
  EXPECT_TRUE(Eventually([&] { return obstacles_.Of("a").empty(); }));
}

TEST_F(RunFollowerTest, AnEndThatCannotBeStoredIsNotLost) {
  Create(Training("a"));
  Follow(Lease("a"));
  ASSERT_TRUE(Eventually([&] { return !trainer_.attached().empty(); }));
  DamageRecord("a");
  trainer_.Say(Failed("RANK_CRASHED", "killed by signal 9"));
  ASSERT_TRUE(Eventually([&] { return !obstacles_.Of("a").empty(); }));
  EXPECT_FALSE(ended_->HasBeenNotified());
  MendRecord("a");
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_THAT(LastAttempt("a"), HasSubstr("killed by signal 9"));
}

TEST_F(RunFollowerTest, ARunThatItsNodeLostIsGivenBackAsAFault) {
  Create(Fragile("a"));
  Follow(Lease("a"));
  ASSERT_TRUE(Eventually([&] { return !trainer_.attached().empty(); }));
  trainer_.Lose();
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FAILED);
  EXPECT_THAT(Get("a").failure().message(), HasSubstr("node n no longer has it"));
  EXPECT_THAT(fake_registry_.ended(), SizeIs(1));
}

TEST_F(RunFollowerTest, AfterAFaultATrainingIsComputedAlone) {
  Create(Training("a"));
  Follow(Lease("a"));
  ASSERT_TRUE(Eventually([&] { return !trainer_.attached().empty(); }));
  EXPECT_FALSE(trainer_.started().front().alone());
  EXPECT_EQ(trainer_.started().front().priority(), v1::JOB_PRIORITY_NORMAL);
  trainer_.Lose();
  ASSERT_TRUE(Ends());
  Follow(Lease("a"));
  ASSERT_TRUE(Eventually([&] { return trainer_.started().size() == 2; }));
  EXPECT_TRUE(trainer_.started().back().alone());
}

TEST_F(RunFollowerTest, ANodeWithoutRoomCostsNoAttempt) {
  Create(Fragile("a"));
  trainer_.AnswerStarts({grpc::StatusCode::RESOURCE_EXHAUSTED, "no slot is free"});
  Follow(Lease("a"));
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_THAT(LastAttempt("a"), HasSubstr("could not begin: no slot is free"));
  EXPECT_THAT(trainer_.attached(), IsEmpty());
  EXPECT_THAT(fake_registry_.ended(), SizeIs(1));
}

TEST_F(RunFollowerTest, WhatANodeRefusesForGoodFailsTheJobAtOnce) {
  Create(Training("a"));
  trainer_.AnswerStarts({grpc::StatusCode::INVALID_ARGUMENT, "vectors: got 0"});
  Follow(Lease("a"));
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FAILED);
  EXPECT_EQ(Get("a").failure().reason(), "BAD_INPUT");
  EXPECT_EQ(Get("a").failure().message(), "vectors: got 0");
}

TEST_F(RunFollowerTest, AnObstacleIsShownWhileItIsWaitedFor) {
  Create(Fragile("a"));
  Follow(Lease("a"));
  trainer_.Say(Failed("REGISTRY_FULL", "the disk is full"));
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_EQ(obstacles_.Of("a"), "the disk is full");
}

TEST_F(RunFollowerTest, ADrainingNodeIsKnownAsSuchBeforeTheWorkWaitsAgain) {
  Create(Fragile("a"));
  Follow(Lease("a"));
  trainer_.Say(Stopped(/*draining=*/true));
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_TRUE(nodes_.Find("n")->status.draining());
  EXPECT_FALSE(nodes_.Find("m")->status.draining());
}

TEST_F(RunFollowerTest, ARunThatHasBegunIsListedByItsNode) {
  Create(Training("a"));
  const RunLease lease = Lease("a");
  Adopt(lease);
  EXPECT_THAT(follower_->unlisted(), IsEmpty());
  trainer_.AnswerStarts({grpc::StatusCode::RESOURCE_EXHAUSTED, "no slot is free"});
  Follow(lease);
  ASSERT_TRUE(Ends());
  EXPECT_THAT(follower_->unlisted(), SizeIs(1));
}

TEST_F(RunFollowerTest, TheNextGatewayGoesOnWithARunThatIsOnItsNode) {
  Create(Training("a"));
  const RunLease lease = Lease("a");
  Follow(lease);
  ASSERT_TRUE(Eventually([&] { return !trainer_.attached().empty(); }));
  follower_.reset();
  EXPECT_EQ(State("a"), v1::JOB_STATE_RUNNING);
  EXPECT_THAT(trainer_.stopped(), IsEmpty());

  Adopt(*leases_.Reload(lease.key));
  trainer_.Say(Checkpointed(50));
  trainer_.Say(Taught());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_FINALIZING);
  EXPECT_THAT(trainer_.started(), SizeIs(1)) << "by the first";
  EXPECT_THAT(fake_registry_.issued(), SizeIs(1)) << "for the first";
  EXPECT_THAT(fake_registry_.renewed(), SizeIs(1)) << "nobody knows how old it is";
}

TEST_F(RunFollowerTest, APreemptionThatWasNotHeardIsToldAgain) {
  Create(Training("a"));
  Follow(Lease("a"));
  trainer_.AnswerStops({grpc::StatusCode::UNAVAILABLE, "busy"});
  follower_->Preempt("jobs/urgent waits");
  EXPECT_FALSE(follower_->preempted());
  trainer_.AnswerStops(grpc::Status::OK);
  follower_->Preempt("jobs/urgent waits");
  EXPECT_TRUE(follower_->preempted());
  follower_->Preempt("jobs/urgent waits");
  ASSERT_THAT(trainer_.stopped(), SizeIs(2));
  EXPECT_EQ(trainer_.stopped().back().mode(), v1::STOP_MODE_PREEMPT);
  EXPECT_EQ(trainer_.stopped().back().reason(), "jobs/urgent waits");
  EXPECT_EQ(State("a"), v1::JOB_STATE_RUNNING) << "the run ends by itself";
}

TEST_F(RunFollowerTest, AnAbandonedRunIsGivenBackOnceAndFollowedNoMore) {
  Create(Training("a"));
  Follow(Lease("a"));
  ASSERT_TRUE(Eventually([&] { return !trainer_.attached().empty(); }));
  ASSERT_THAT(follower_->Abandon({.reason = "it said nothing"}), Succeeds());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_THAT(LastAttempt("a"), HasSubstr("it said nothing"));
  EXPECT_THAT(trainer_.stopped(), IsEmpty());
  EXPECT_THAT(follower_->Abandon({}), Fails(absl::StatusCode::kAborted, HasSubstr("superseded")));
}

TEST_F(RunFollowerTest, AChunkIsBegunWithoutThePicturesThatAreThere) {
  NewJob set = ImageSet("s", 4);
  set.job.set_priority(v1::JOB_PRIORITY_INTERACTIVE);
  Create(set);
  const RunLease first = Lease("s", "s");
  ASSERT_THAT(records_.RecordPicture(first.key, Picture(1), "imageSets/s"), Succeeds());
  ASSERT_THAT(records_.GiveBack(first.key, {}), Succeeds());
  Follow(Lease("s", "s"), {OnSampler()});
  ASSERT_TRUE(Eventually([&] { return !sampler_.started().empty(); }));
  const v1::StartSamplingRequest order = sampler_.started().front();
  EXPECT_EQ(order.priority(), v1::JOB_PRIORITY_INTERACTIVE);
  std::vector<int64_t> items;
  for (const v1::ItemRequest& item : order.items()) items.push_back(item.index());
  EXPECT_THAT(items, ElementsAre(0, 2, 3));
  EXPECT_EQ(order.image_set(), "imageSets/s");
  EXPECT_EQ(order.ticket().token(), "ticket");
  ASSERT_THAT(fake_registry_.issued(), SizeIs(1));
  EXPECT_EQ(fake_registry_.issued().front().image_set(), "imageSets/s");
  EXPECT_EQ(fake_registry_.issued().front().item_count(), 4);
}

TEST_F(RunFollowerTest, AChunkWhosePicturesAreStoredIsDoneAndItsTicketEnds) {
  Create(ImageSet("s", 2));
  Follow(Lease("s", "s"), {OnSampler()});
  sampler_.Say(Started());
  sampler_.Say(Drawn(0));
  sampler_.Say(Drawn(1));
  sampler_.Say(ChunkDone());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("s"), v1::JOB_STATE_FINALIZING);
  EXPECT_EQ(Get("s").items_done(), 2);
  EXPECT_EQ(Get("s").result(), "imageSets/s");
  EXPECT_THAT(fake_registry_.ended(), SizeIs(1));
}

TEST_F(RunFollowerTest, AChunkIsNotDoneWhilePicturesAreMissing) {
  Create(ImageSet("s", 2));
  Follow(Lease("s", "s"), {OnSampler()});
  sampler_.Say(Drawn(0));
  sampler_.Say(ChunkDone());
  ASSERT_TRUE(Eventually([&] { return !obstacles_.Of("s").empty(); }));
  EXPECT_THAT(obstacles_.Of("s"), HasSubstr("pictures are missing"));
  EXPECT_EQ(State("s"), v1::JOB_STATE_RUNNING);
  EXPECT_THAT(fake_registry_.ended(), IsEmpty());
}

TEST_F(RunFollowerTest, AChunkThatWasSeenFromItsStartSaysHowFastItsModelIs) {
  Create(SizedImageSet("s"));
  Follow(Lease("s", "s"), {OnSampler()});
  sampler_.Say(Started());
  sampler_.Say(Drawn(0));
  sampler_.Say(Drawn(1));
  sampler_.Say(ChunkDone());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(ItemsInAnHour("s"), kMostChunkItems);
}

TEST_F(RunFollowerTest, OfAnAdoptedChunkNobodyKnowsHowLongItTook) {
  Create(SizedImageSet("s"));
  Follow(Lease("s", "s"), {OnSampler()}, /*adopted=*/true);
  sampler_.Say(Started());
  sampler_.Say(Drawn(0));
  sampler_.Say(Drawn(1));
  sampler_.Say(ChunkDone());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("s"), v1::JOB_STATE_FINALIZING);
  EXPECT_EQ(ItemsInAnHour("s"), kLeastChunkItems);
}

TEST_F(RunFollowerTest, AGangBeginsWithTheDoorOfItsRankZero) {
  Create(Training("a"));
  const RunLease lease = LeaseGang("a");
  Follow(lease, {OnTrainer(), OnSecondTrainer()});
  ASSERT_TRUE(Eventually([&] { return !trainer_.attached().empty(); }));
  EXPECT_THAT(second_trainer_.started(), IsEmpty());
  ASSERT_THAT(follower_->unlisted(), SizeIs(1));
  EXPECT_EQ(follower_->unlisted().front().rank(), 1);
  trainer_.Say(DoorAt(4711));
  ASSERT_TRUE(Eventually([&] { return !second_trainer_.attached().empty(); }));
  EXPECT_THAT(follower_->unlisted(), IsEmpty());
  const v1::GangPlace zero = trainer_.started().front().gang();
  const v1::GangPlace one = second_trainer_.started().front().gang();
  EXPECT_EQ(zero.size(), 2);
  EXPECT_EQ(zero.own_host(), "127.0.0.1");
  EXPECT_FALSE(zero.has_door());
  EXPECT_EQ(one.size(), 2);
  EXPECT_THAT(zero.token(), Not(IsEmpty())) << "a straggler of another attempt has another";
  EXPECT_EQ(one.token(), zero.token());
  EXPECT_EQ(one.door().port(), 4711);
}

TEST_F(RunFollowerTest, AGangIsGivenBackInTheNameOfTheRankAtFault) {
  Create(Training("a"));
  Follow(LeaseGang("a"), {OnTrainer(), OnSecondTrainer()});
  trainer_.Say(DoorAt(4711));
  second_trainer_.Say(Failed("RANK_CRASHED", "killed by signal 9"));
  ASSERT_TRUE(Eventually([&] { return !trainer_.stopped().empty(); }));
  EXPECT_EQ(trainer_.stopped().front().mode(), v1::STOP_MODE_ABANDON);
  trainer_.Say(Failed("GANG_BROKEN", "closed by peer"));
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_THAT(LastAttempt("a"), HasSubstr("rank 1 on node m: killed by signal 9"));
}

TEST_F(RunFollowerTest, AnAdoptedGangWithAnUnstartedRankCostsNoAttempt) {
  Create(Fragile("a"));
  second_trainer_.Lose();
  Follow(LeaseGang("a"), {OnTrainer(), OnSecondTrainer()}, /*adopted=*/true);
  ASSERT_TRUE(Eventually([&] { return !trainer_.stopped().empty(); }));
  trainer_.Say(Stopped());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_THAT(LastAttempt("a"), HasSubstr("rank 1 on node m: its node no longer has it"));
  EXPECT_THAT(second_trainer_.started(), IsEmpty());
}

TEST_F(RunFollowerTest, NoNodeOfAGangThatDrainsGetsItsWorkBack) {
  Create(Fragile("a"));
  Follow(LeaseGang("a"), {OnTrainer(), OnSecondTrainer()});
  trainer_.Say(DoorAt(4711));
  second_trainer_.Say(Stopped(/*draining=*/true));
  ASSERT_TRUE(Eventually([&] { return !trainer_.stopped().empty(); }));
  EXPECT_EQ(trainer_.stopped().front().mode(), v1::STOP_MODE_CHECKPOINT);
  trainer_.Say(Stopped());
  ASSERT_TRUE(Ends());
  EXPECT_EQ(State("a"), v1::JOB_STATE_PENDING);
  EXPECT_TRUE(nodes_.Find("m")->status.draining());
  EXPECT_FALSE(nodes_.Find("n")->status.draining());
}

}  // namespace
}  // namespace imprint::gateway
