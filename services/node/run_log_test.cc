#include "services/node/run_log.h"

#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/node/testing_events.h"

namespace imprint::node {
namespace {

using ::testing::ElementsAre;

std::vector<int64_t> Numbers(const RunLog::Reading& reading) {
  std::vector<int64_t> numbers;
  for (const RunEventPtr& event : reading.events) numbers.push_back(event->number());
  return numbers;
}

RunLog::Reading ReadNow(const RunLog& log, int64_t from) {
  return log.Read(from, absl::InfinitePast());
}

TEST(RunLog, NumbersEventsFromOneAndReadsFromAny) {
  RunLog log;
  log.Append(Started());
  log.Append(ProgressAt(1));
  log.Append(ProgressAt(2));
  EXPECT_THAT(Numbers(ReadNow(log, 1)), ElementsAre(1, 2, 3));
  EXPECT_THAT(Numbers(ReadNow(log, 3)), ElementsAre(3));
  EXPECT_THAT(Numbers(ReadNow(log, 4)), ElementsAre());
  EXPECT_EQ(log.newest_step(), 2);
}

TEST(RunLog, ACheckpointReplacesWhatCameBeforeIt) {
  RunLog log;
  log.Append(Started());
  for (int step = 1; step <= 3; ++step) log.Append(ProgressAt(step));
  log.Append(CheckpointAt(3));
  log.Append(ProgressAt(4));
  log.Append(CheckpointAt(4));
  log.Append(ProgressAt(5));
  EXPECT_THAT(Numbers(ReadNow(log, 1)), ElementsAre(1, 7, 8));
}

TEST(RunLog, StaysSmallWithoutCheckpoints) {
  RunLog log;
  log.Append(Started());
  for (int step = 1; step <= 5000; ++step) log.Append(ProgressAt(step));
  const RunLog::Reading reading = log.Read(1, absl::InfinitePast(), /*limit=*/100'000);
  ASSERT_EQ(reading.events.size(), 1 + RunLog::kMaxProgress);
  EXPECT_TRUE(reading.events.front()->has_started());
  EXPECT_EQ(reading.events.back()->progress().step(), 5000);
}

TEST(RunLog, OfSignsOfLifeTheNewestStays) {
  RunLog log;
  log.Append(Started());
  v1::RunEvent working;
  working.mutable_working();
  for (int i = 0; i < 100; ++i) log.Append(working);
  EXPECT_THAT(Numbers(ReadNow(log, 1)), ElementsAre(1, 101));
}

TEST(RunLog, PicturesStay) {
  RunLog log;
  for (int i = 0; i < 2000; ++i) log.Append(Picture(i));
  EXPECT_EQ(log.Read(1, absl::InfinitePast(), 100'000).events.size(), 2000);
}

TEST(RunLog, NothingFollowsTheLastEvent) {
  RunLog log;
  EXPECT_TRUE(log.Append(Result()));
  EXPECT_FALSE(log.Append(ProgressAt(1)));
  const RunLog::Reading reading = ReadNow(log, 1);
  EXPECT_THAT(Numbers(reading), ElementsAre(1));
  EXPECT_TRUE(reading.complete);
}

TEST(RunLog, IsCompleteOnlyWithItsLastEvent) {
  RunLog log;
  for (int i = 0; i < 5; ++i) log.Append(Picture(i));
  log.Append(Result());
  EXPECT_FALSE(log.Read(1, absl::InfinitePast(), 3).complete);
  EXPECT_TRUE(log.Read(4, absl::InfinitePast(), 3).complete);
  EXPECT_TRUE(log.Read(100, absl::InfinitePast()).complete);
}

TEST(RunLog, AReaderWaitsForTheNextEvent) {
  RunLog log;
  std::thread writer([&] { log.Append(Started()); });
  EXPECT_THAT(Numbers(log.Read(1, absl::Now() + absl::Seconds(30))), ElementsAre(1));
  writer.join();
}

TEST(RunLog, AReaderWaitsNoLongerThanItsDeadline) {
  const RunLog log;
  const RunLog::Reading reading = log.Read(1, absl::Now() + absl::Milliseconds(20));
  EXPECT_TRUE(reading.events.empty());
  EXPECT_FALSE(reading.complete);
}

}  // namespace
}  // namespace imprint::node
