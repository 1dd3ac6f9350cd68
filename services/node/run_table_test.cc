#include "services/node/run_table.h"

#include <memory>
#include <optional>
#include <thread>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "rpc/status.h"
#include "services/node/testing_events.h"

namespace imprint::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RunId Id(int attempt, int64_t chunk = 0) {
  return {.job = "jobs/a", .chunk = chunk, .attempt = attempt};
}

class RunTableTest : public ::testing::Test {
 protected:
  std::shared_ptr<node::Run> Begin(const RunId& id) {
    auto begun = table_.Begin(id);
    EXPECT_THAT(begun, Succeeds());
    return begun.ok() ? begun->run : nullptr;
  }
  void Pass(absl::Duration time) {
    now_ += time;
    table_.Tidy();
  }

  absl::Time now_ = absl::UnixEpoch();
  RunTable table_{{.slots = 2, .now = [this] { return now_; }}};
};

TEST_F(RunTableTest, BeginningAgainFindsTheSameRun) {
  const auto run = Begin(Id(1));
  ASSERT_OK_AND_ASSIGN(const RunTable::Begun again, table_.Begin(Id(1)));
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.run, run);
  EXPECT_EQ(table_.snapshot().free_slots, 1);
}

TEST_F(RunTableTest, RefusesWhatNoSlotIsFreeFor) {
  Begin(Id(1, 1));
  const auto second = Begin(Id(1, 2));
  const absl::Status full = table_.Begin(Id(1, 3)).status();
  EXPECT_THAT(full, Fails(absl::StatusCode::kResourceExhausted, HasSubstr("2 slots")));
  EXPECT_EQ(ReasonOf(full), "NO_FREE_SLOT");
  second->Append(Result());
  EXPECT_THAT(table_.Begin(Id(1, 3)), Succeeds());
}

TEST_F(RunTableTest, RanksOfOneGangAreRunsBesideEachOther) {
  RunId second = Id(1);
  second.rank = 1;
  const auto run = Begin(Id(1));
  EXPECT_NE(Begin(second), run);
  EXPECT_FALSE(run->stop_order());
  EXPECT_EQ(table_.snapshot().free_slots, 0);
  Begin(Id(2));
  EXPECT_TRUE(run->stop_order()) << "a later attempt ends all of them";
}

TEST_F(RunTableTest, AnEndThatNobodyWillAskForIsNoLongerListed) {
  Begin(Id(1))->Append(Result());
  EXPECT_THAT(table_.Stop(Id(1), v1::STOP_MODE_CHECKPOINT, ""), Succeeds());
  EXPECT_THAT(table_.snapshot().runs, ElementsAre(Id(1)));
  EXPECT_THAT(table_.Stop(Id(1), v1::STOP_MODE_ABANDON, ""), Succeeds());
  EXPECT_THAT(table_.snapshot().runs, IsEmpty());
}

TEST_F(RunTableTest, ALaterAttemptStopsTheEarlierAndTakesItsSlot) {
  const auto first = Begin(Id(1));
  Begin(Id(1, 1));
  Begin(Id(2));
  ASSERT_TRUE(first->stop_token().stop_requested());
  EXPECT_FALSE(first->stop_order()->keep);
  EXPECT_THAT(first->stop_order()->reason, HasSubstr("attempt 2"));
  EXPECT_THAT(table_.Begin(Id(1, 3)), Fails(absl::StatusCode::kResourceExhausted, HasSubstr("")));
}

TEST_F(RunTableTest, AnEarlierAttemptIsNotBegunAnyMore) {
  Begin(Id(2));
  const absl::Status late = table_.Begin(Id(1)).status();
  EXPECT_THAT(late, Fails(absl::StatusCode::kAborted, HasSubstr("later attempt")));
  EXPECT_EQ(ReasonOf(late), "SUPERSEDED");
}

TEST_F(RunTableTest, AnOrphanIsStoppedAndKeepsWhatItReached) {
  const auto orphan = Begin(Id(1, 1));
  const auto followed = Begin(Id(1, 2));
  ASSERT_OK_AND_ASSIGN(const auto attachment, table_.Attach(Id(1, 2)));
  Pass(absl::Seconds(59));
  EXPECT_FALSE(orphan->stop_order());
  Pass(absl::Seconds(1));
  ASSERT_TRUE(orphan->stop_order());
  EXPECT_TRUE(orphan->stop_order()->keep);
  EXPECT_FALSE(followed->stop_order());
}

TEST_F(RunTableTest, ARunIsAnOrphanOnlyFromWhenItsLastReaderLeft) {
  const auto run = Begin(Id(1));
  {
    ASSERT_OK_AND_ASSIGN(const auto attachment, table_.Attach(Id(1)));
    Pass(absl::Seconds(100));
  }
  Pass(absl::Seconds(59));
  EXPECT_FALSE(run->stop_order());
  Pass(absl::Seconds(1));
  EXPECT_TRUE(run->stop_order());
}

TEST_F(RunTableTest, AnEndIsKeptUntilItWasRead) {
  const auto run = Begin(Id(1));
  run->Append(Result());
  Pass(absl::Minutes(20));
  EXPECT_THAT(table_.snapshot().runs, ElementsAre(Id(1)));
  {
    ASSERT_OK_AND_ASSIGN(auto attachment, table_.Attach(Id(1)));
    attachment.ReadToTheEnd();
  }
  EXPECT_THAT(table_.snapshot().runs, IsEmpty());
  // Whoever read it may have died of it: the next one finds it still.
  EXPECT_THAT(table_.Attach(Id(1)), Succeeds());
  Pass(absl::Minutes(1));
  EXPECT_THAT(table_.Attach(Id(1)), Fails(absl::StatusCode::kNotFound, HasSubstr("jobs/a")));
}

TEST_F(RunTableTest, AnEndThatNobodyReadsIsForgottenInTheEnd) {
  Begin(Id(1))->Append(Result());
  Pass(absl::Seconds(0));
  Pass(absl::Minutes(30));
  EXPECT_THAT(table_.Attach(Id(1)), Fails(absl::StatusCode::kNotFound, HasSubstr("")));
}

TEST_F(RunTableTest, KeepsABoundedNumberOfEnds) {
  RunTable table({.slots = 1, .max_ended = 10, .now = [this] { return now_; }});
  for (int attempt = 1; attempt <= 100; ++attempt) {
    auto begun = table.Begin({.job = "jobs/a", .chunk = attempt});
    ASSERT_THAT(begun, Succeeds());
    begun->run->Append(Result());
    now_ += absl::Seconds(1);
    table.Tidy();
  }
  EXPECT_LE(table.snapshot().runs.size(), 11);
  EXPECT_THAT(table.Attach({.job = "jobs/a", .chunk = 100}), Succeeds());
}

TEST_F(RunTableTest, ADrainStopsEveryRunAndBeginsNone) {
  const auto run = Begin(Id(1));
  table_.Drain(now_ + absl::Seconds(20));
  ASSERT_TRUE(run->stop_order());
  EXPECT_TRUE(run->stop_order()->keep);
  EXPECT_TRUE(run->stop_order()->draining);
  EXPECT_LT(run->stop_order()->by, now_ + absl::Seconds(20));
  const absl::Status refused = table_.Begin(Id(1, 2)).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(refused), "DRAINING");
  EXPECT_TRUE(table_.Begin(Id(1))->existed);
  EXPECT_TRUE(table_.snapshot().draining);
  EXPECT_EQ(table_.snapshot().free_slots, 0);
}

TEST_F(RunTableTest, QuietIsWhenRunsHaveEndedAndReadersHaveLeft) {
  now_ = absl::Now();
  const auto run = Begin(Id(1));
  auto attachment = table_.Attach(Id(1));
  ASSERT_THAT(attachment, Succeeds());
  std::thread reader([&] {
    run->EndStopped();
    const auto gone = std::move(attachment);
  });
  table_.AwaitQuiet(absl::Now() + absl::Seconds(30));
  EXPECT_TRUE(run->ended());
  reader.join();
}

TEST_F(RunTableTest, StopReachesTheRunAndKnowsNoOther) {
  const auto run = Begin(Id(1));
  EXPECT_THAT(table_.Stop(Id(1), v1::STOP_MODE_CHECKPOINT, "cancelled"), Succeeds());
  EXPECT_THAT(table_.Stop(Id(1), v1::STOP_MODE_ABANDON, "again"), Succeeds());
  EXPECT_EQ(run->stop_order()->reason, "cancelled");
  EXPECT_FALSE(run->stop_order()->keep);
  EXPECT_THAT(table_.Stop(Id(9), v1::STOP_MODE_CHECKPOINT, ""),
              Fails(absl::StatusCode::kNotFound, HasSubstr("")));
}

}  // namespace
}  // namespace imprint::node
