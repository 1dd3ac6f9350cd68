#include "gateway/dispatch/gang_members.h"

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/dispatch/dispatch_fixture.h"
#include "gateway/dispatch/scripted_node.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What rank 0 was told when its gang broke.
class RankZero {
 public:
  // Answers with these, one after another, and then with OK.
  explicit RankZero(std::vector<absl::Status> answers = {}) : answers_(std::move(answers)) {}

  absl::Status Stop(v1::StopMode mode) {
    const absl::MutexLock lock(&mutex_);
    told_.push_back(mode);
    return told_.size() <= answers_.size() ? answers_[told_.size() - 1] : absl::OkStatus();
  }

  std::vector<v1::StopMode> told() const {
    const absl::MutexLock lock(&mutex_);
    return told_;
  }

 private:
  mutable absl::Mutex mutex_;
  const std::vector<absl::Status> answers_;
  std::vector<v1::StopMode> told_ ABSL_GUARDED_BY(mutex_);
};

// Ranks 1 and 2 of a gang of three, each on a node of its own.
class GangMembersTest : public DispatchFixture {
 protected:
  static v1::StartTrainingRequest OrderOfRankZero() {
    v1::StartTrainingRequest order;
    *order.mutable_run() = RunOfRank(0);
    order.mutable_spec()->set_token("<rex>");
    order.mutable_ticket()->set_token("ticket");
    order.set_checkpoint("state");
    order.mutable_gang()->set_size(3);
    order.mutable_gang()->set_token("gang");
    order.mutable_gang()->set_own_host("10.0.0.1");
    return order;
  }

  static v1::GangDoor Door() {
    v1::GangDoor door;
    door.set_host("10.0.0.1");
    door.set_port(4711);
    return door;
  }

  static v1::RunKey RunOfRank(int rank) {
    v1::RunKey run;
    run.set_job("jobs/a");
    run.set_attempt(2);
    run.set_rank(rank);
    return run;
  }

  static std::vector<int> RanksOf(const std::vector<v1::RunKey>& runs) {
    std::vector<int> ranks;
    for (const v1::RunKey& run : runs) {
      EXPECT_EQ(run.job(), "jobs/a");
      EXPECT_EQ(run.attempt(), 2);
      ranks.push_back(run.rank());
    }
    return ranks;
  }

  std::vector<RankEnd> Ends() const { return members_.AwaitEnds(absl::Seconds(20)); }

  // Whether their ends are known before anybody's patience ends.
  bool EndsAreKnown() const {
    absl::Notification known;
    const std::jthread waits([&] {
      members_.AwaitEnds(absl::Seconds(60));
      known.Notify();
    });
    return known.WaitForNotificationWithTimeout(absl::Seconds(20));
  }

  // Begins both and waits until they are followed.
  void BeginAll() {
    members_.Begin(OrderOfRankZero(), Door());
    ASSERT_TRUE(Eventually(
        [&] { return first_.attached().size() == 1 && second_.attached().size() == 1; }));
  }

  // How often rank 0, which answers so, is told of a rank that failed.
  static size_t TimesTold(std::vector<absl::Status> answers) {
    ScriptedTrainer trainer;
    const Served node({&trainer});
    RankZero rank_zero(std::move(answers));
    GangMembers members(RunOfRank(0), {{.name = "n0"}, {.name = "n1", .address = node.address()}},
                        [&](v1::StopMode mode) { return rank_zero.Stop(mode); });
    trainer.Say(Failed("RANK_CRASHED", "killed by signal 9"));
    members.Adopt();
    members.Join();
    return rank_zero.told().size();
  }

  ScriptedTrainer first_;
  ScriptedTrainer second_;
  Served first_node_{{&first_}};
  Served second_node_{{&second_}};
  RankZero rank_zero_;
  GangMembers members_{RunOfRank(0),
                       {{.name = "n0", .address = "127.0.0.1:1"},
                        {.name = "n1", .address = first_node_.address()},
                        {.name = "n2", .address = second_node_.address()}},
                       [this](v1::StopMode mode) { return rank_zero_.Stop(mode); }};
};

TEST_F(GangMembersTest, EachRankHasTheOrderOfRankZeroAtAPlaceOfItsOwn) {
  BeginAll();
  int rank = 0;
  for (const ScriptedTrainer* trainer : {&first_, &second_}) {
    ++rank;
    ASSERT_THAT(trainer->started(), SizeIs(1));
    const v1::StartTrainingRequest order = trainer->started().front();
    EXPECT_EQ(order.run().rank(), rank);
    EXPECT_EQ(order.run().job(), "jobs/a");
    EXPECT_EQ(order.run().attempt(), 2);
    EXPECT_EQ(order.spec().token(), "<rex>");
    EXPECT_EQ(order.ticket().token(), "ticket");
    EXPECT_EQ(order.gang().size(), 3);
    EXPECT_EQ(order.gang().token(), "gang");
    EXPECT_EQ(order.gang().own_host(), "127.0.0.1");
    EXPECT_EQ(order.gang().door().port(), 4711);
    EXPECT_THAT(order.checkpoint(), IsEmpty()) << "rank 0 sends it";
  }
}

TEST_F(GangMembersTest, ADoorThatIsHeardTwiceBeginsThemOnce) {
  BeginAll();
  members_.Begin(OrderOfRankZero(), Door());
  first_.Say(Done());
  second_.Say(Done());
  Ends();
  EXPECT_THAT(first_.started(), SizeIs(1));
  EXPECT_THAT(second_.started(), SizeIs(1));
}

TEST_F(GangMembersTest, RanksThatAreDoneBreakNothing) {
  BeginAll();
  first_.Say(Done());
  second_.Say(Done());
  for (const RankEnd& end : Ends()) EXPECT_TRUE(end.last->has_rank_done()) << end.rank;
  members_.RequestStop();
  members_.Join();
  EXPECT_THAT(rank_zero_.told(), IsEmpty());
}

TEST_F(GangMembersTest, ARankThatFailsStopsRankZeroForGood) {
  BeginAll();
  second_.Say(Failed("RANK_CRASHED", "killed by signal 9"));
  EXPECT_TRUE(Eventually([&] { return !rank_zero_.told().empty(); }));
  EXPECT_THAT(rank_zero_.told(), ElementsAre(v1::STOP_MODE_ABANDON));
}

TEST_F(GangMembersTest, ARankThatWasStoppedLetsRankZeroKeepWhatTheyReached) {
  BeginAll();
  first_.Say(Stopped(/*draining=*/true));
  EXPECT_TRUE(Eventually([&] { return !rank_zero_.told().empty(); }));
  EXPECT_THAT(rank_zero_.told(), ElementsAre(v1::STOP_MODE_CHECKPOINT));
}

TEST_F(GangMembersTest, NobodyIsWaitedForOnceARankIsAtFault) {
  BeginAll();
  second_.Say(Failed("RANK_CRASHED", "killed by signal 9"));
  ASSERT_TRUE(EndsAreKnown());
  const std::vector<RankEnd> ends = Ends();
  ASSERT_THAT(ends, SizeIs(2));
  EXPECT_EQ(ends[0].rank, 1);
  EXPECT_FALSE(ends[0].last.has_value()) << "nothing was heard of it, and that is said";
  EXPECT_EQ(ends[1].rank, 2);
  EXPECT_EQ(ends[1].node, "n2");
  EXPECT_EQ(ends[1].last->failure().message(), "killed by signal 9");
}

TEST_F(GangMembersTest, ARankThatSawTheGangBreakExplainsNothing) {
  BeginAll();
  first_.Say(Failed("GANG_BROKEN", "closed by peer"));
  ASSERT_TRUE(Eventually([&] { return !rank_zero_.told().empty(); }));
  EXPECT_FALSE(members_.AwaitEnds(absl::ZeroDuration())[1].last.has_value());
  second_.Say(Failed("RANK_CRASHED", "killed by signal 9"));
  EXPECT_EQ(Ends()[1].last->failure().reason(), "RANK_CRASHED");
}

TEST_F(GangMembersTest, ARankThatCannotBeginIsKnownByItsError) {
  first_.AnswerStarts({grpc::StatusCode::RESOURCE_EXHAUSTED, "no slot is free"});
  members_.Begin(OrderOfRankZero(), Door());
  const RankEnd end = Ends()[0];
  EXPECT_THAT(end.error, Fails(absl::StatusCode::kResourceExhausted, "no slot is free"));
  EXPECT_TRUE(Eventually([&] { return !rank_zero_.told().empty(); }));
  EXPECT_THAT(rank_zero_.told(), ElementsAre(v1::STOP_MODE_ABANDON));
  EXPECT_THAT(first_.attached(), IsEmpty());
}

TEST_F(GangMembersTest, ARankThatItsNodeLostIsKnownByThat) {
  first_.Lose();
  members_.Adopt();
  EXPECT_THAT(Ends()[0].error, Fails(absl::StatusCode::kNotFound, "no such run"));
  EXPECT_TRUE(Eventually([&] { return !rank_zero_.told().empty(); }));
  EXPECT_THAT(rank_zero_.told(), ElementsAre(v1::STOP_MODE_ABANDON));
}

TEST_F(GangMembersTest, AdoptedRanksAreFollowedAndNotBegun) {
  members_.Adopt();
  first_.Say(Done());
  second_.Say(Done());
  for (const RankEnd& end : Ends()) EXPECT_TRUE(end.last->has_rank_done()) << end.rank;
  EXPECT_THAT(first_.started(), IsEmpty());
  EXPECT_THAT(second_.started(), IsEmpty());
}

TEST_F(GangMembersTest, AStreamThatBreaksIsTakenUpWhereItWas) {
  BeginAll();
  first_.Say({});
  // What breaks it shows that it had been heard.
  ASSERT_TRUE(Eventually([&] {
    first_.BreakStreams();
    const auto attached = first_.attached();
    return attached.back().from_event() == 2;
  }));
  EXPECT_EQ(first_.attached().back().run().rank(), 1);
  first_.Say(Done());
  second_.Say(Done());
  EXPECT_TRUE(Ends()[0].last->has_rank_done());
  EXPECT_THAT(rank_zero_.told(), IsEmpty()) << "whether a node is gone, its heartbeat says";
}

TEST_F(GangMembersTest, NodesListThoseThatHaveBegunAndNotEnded) {
  EXPECT_THAT(RanksOf(members_.unlisted()), ElementsAre(1, 2));
  BeginAll();
  EXPECT_THAT(members_.unlisted(), IsEmpty());
  second_.Say(Done());
  EXPECT_TRUE(Eventually([&] { return !members_.unlisted().empty(); }));
  EXPECT_THAT(RanksOf(members_.unlisted()), ElementsAre(2));
  first_.Say(Failed("RANK_CRASHED", "killed by signal 9"));
  Ends();
  EXPECT_THAT(RanksOf(members_.unlisted()), ElementsAre(1, 2));
}

TEST_F(GangMembersTest, AStopEndsEveryWaitAndBeginsNothing) {
  // One that began all the same would end.
  first_.Say(Done());
  second_.Say(Done());
  members_.RequestStop();
  members_.Begin(OrderOfRankZero(), Door());
  members_.Adopt();
  EXPECT_TRUE(EndsAreKnown());
  members_.Join();
  EXPECT_THAT(first_.started(), IsEmpty());
  EXPECT_THAT(first_.attached(), IsEmpty());
  EXPECT_THAT(rank_zero_.told(), IsEmpty());
}

TEST_F(GangMembersTest, AStopLeavesTheRunsOnTheirNodes) {
  BeginAll();
  members_.RequestStop();
  members_.Join();
  EXPECT_THAT(first_.stopped(), IsEmpty());
  EXPECT_THAT(second_.stopped(), IsEmpty());
  EXPECT_THAT(rank_zero_.told(), IsEmpty());
}

TEST_F(GangMembersTest, RankZeroIsToldUntilItHears) {
  EXPECT_EQ(TimesTold({}), 1U);
  EXPECT_EQ(TimesTold({absl::UnavailableError("busy"), absl::UnavailableError("busy")}), 3U);
}

TEST_F(GangMembersTest, RankZeroIsNotToldAgainOnceItIsGone) {
  EXPECT_EQ(TimesTold({absl::NotFoundError("no such run")}), 1U);
}

TEST(HostOf, IsTheAddressWithoutThePort) {
  EXPECT_EQ(HostOf({.name = "n", .address = "127.0.0.1:50051"}), "127.0.0.1");
  EXPECT_EQ(HostOf({.name = "n", .address = "[::1]:50051"}), "::1");
}

}  // namespace
}  // namespace imprint::gateway
