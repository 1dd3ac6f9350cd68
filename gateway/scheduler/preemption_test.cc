#include "gateway/scheduler/preemption.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kBulk = 1;
constexpr int kNormal = 2;
constexpr int kInteractive = 3;

WaitingWork Picture(const std::string& job, int priority = kInteractive, int64_t chunks = 1) {
  return {.job = job, .kind = WorkKind::kSampling, .priority = priority, .chunks = chunks};
}

FreeNode Sampler(const std::string& name) {
  return {.node = name, .kind = WorkKind::kSampling, .slots = 1};
}

RunningWork Running(const std::string& job, const std::string& node, int priority,
                    int64_t began_us) {
  return {.job = job,
          .node = node,
          .kind = WorkKind::kSampling,
          .priority = priority,
          .began_us = began_us};
}

std::vector<Preemption> DecideFor(const ClusterSnapshot& now,
                                  const std::vector<Placement>& placed = {}) {
  return DecidePreemptions(now, placed, {});
}

TEST(Preemption, TheYoungestBulkRunGivesWayToSomebodyWhoWaits) {
  const ClusterSnapshot now = {
      .waiting = {Picture("now")},
      .nodes = {Sampler("a"), Sampler("b"), Sampler("c")},
      .runs = {Running("old", "a", kBulk, 10), Running("young", "b", kBulk, 20),
               Running("normal", "c", kNormal, 30)}};
  EXPECT_THAT(DecideFor(now), ElementsAre(Preemption{"young", 0, "b", "now"}));
}

TEST(Preemption, OnlyWhoIsUrgentHasOthersGiveWay) {
  const ClusterSnapshot now = {.waiting = {Picture("later", kNormal), Picture("bulk", kBulk)},
                               .nodes = {Sampler("a")},
                               .runs = {Running("old", "a", kBulk, 10)}};
  EXPECT_THAT(DecideFor(now), IsEmpty());
}

TEST(Preemption, WhoIsPlacedNeedsNoRoom) {
  const ClusterSnapshot now = {.waiting = {Picture("now")},
                               .nodes = {Sampler("a"), Sampler("b")},
                               .runs = {Running("old", "a", kBulk, 10)}};
  EXPECT_THAT(DecideFor(now, {{"now", {"b"}}}), IsEmpty());
}

TEST(Preemption, WhatIsBeingStoppedIsCountedAsFree) {
  ClusterSnapshot now = {.waiting = {Picture("now")},
                         .nodes = {Sampler("a"), Sampler("b")},
                         .runs = {Running("one", "a", kBulk, 10), Running("two", "b", kBulk, 20)}};
  now.runs[1].stopping = true;
  EXPECT_THAT(DecideFor(now), IsEmpty());
}

TEST(Preemption, UrgentWorkHoldsNoMoreThanItsShare) {
  ClusterSnapshot now = {.waiting = {Picture("now", kInteractive, 10)}};
  for (const char* node : {"a", "b", "c", "d"}) {
    now.nodes.push_back(Sampler(node));
    now.runs.push_back(Running(std::string("bulk-") + node, node, kBulk, 1));
  }
  EXPECT_THAT(DecideFor(now), SizeIs(2)) << "half of four";
  now.runs[0].priority = kInteractive;
  EXPECT_THAT(DecideFor(now), SizeIs(1)) << "one has it already";
}

TEST(Preemption, OneSlotIsAlwaysGivenWay) {
  const ClusterSnapshot now = {.waiting = {Picture("now")},
                               .nodes = {Sampler("a")},
                               .runs = {Running("bulk", "a", kBulk, 1)}};
  EXPECT_THAT(DecideFor(now), SizeIs(1));
}

TEST(Preemption, OnlyRunsWhoseNodesCouldTakeTheWorkGiveWay) {
  ClusterSnapshot now = {
      .waiting = {Picture("now")},
      .nodes = {Sampler("a"), Sampler("b")},
      .runs = {Running("young", "a", kBulk, 20), Running("old", "b", kBulk, 10)}};
  now.waiting[0].precision = "bf16";
  now.nodes[1].precisions = {"bf16", "fp32"};
  EXPECT_THAT(DecideFor(now), ElementsAre(Preemption{"old", 0, "b", "now"}));
  now.waiting[0].places = 8;
  now.nodes[1].batch = 4;
  EXPECT_THAT(DecideFor(now), IsEmpty());
  now.nodes[1].batch = 8;
  EXPECT_THAT(DecideFor(now), ElementsAre(Preemption{"old", 0, "b", "now"}));
  now.waiting[0].kind = WorkKind::kTraining;
  EXPECT_THAT(DecideFor(now), IsEmpty());
}

TEST(Preemption, GangsNeitherGiveWayNorAreGivenWay) {
  ClusterSnapshot now = {.waiting = {Picture("now")},
                         .nodes = {Sampler("a"), Sampler("b")},
                         .runs = {Running("gang", "a", kBulk, 10)}};
  now.runs[0].slots = 2;
  EXPECT_THAT(DecideFor(now), IsEmpty());
  now.runs[0].slots = 1;
  now.waiting[0].slots = 2;
  EXPECT_THAT(DecideFor(now), IsEmpty());
}

// A trainer that packs and has two bulk trainings and one of normal priority; another of one slot.
ClusterSnapshot Packed() {
  ClusterSnapshot now = {
      .nodes = {{.node = "a", .free_slots = 1, .slots = 4, .pack = 4}, {.node = "b", .slots = 1}},
      .runs = {Running("one", "a", kBulk, 10), Running("two", "a", kBulk, 20),
               Running("normal", "a", kNormal, 30), Running("other", "b", kBulk, 5)}};
  for (RunningWork& run : now.runs) run.kind = WorkKind::kTraining;
  now.waiting = {{.job = "now", .priority = kInteractive}};
  return now;
}

TEST(Preemption, AllThatYieldsLeavesTheTrainerThatUrgentWorkWasPlacedOn) {
  EXPECT_THAT(DecideFor(Packed(), {{"now", {"a"}}}),
              ElementsAre(Preemption{"two", 0, "a", "now"}, Preemption{"one", 0, "a", "now"}));
  ClusterSnapshot now = Packed();
  now.nodes[0].pack = 1;
  EXPECT_THAT(DecideFor(now, {{"now", {"a"}}}), IsEmpty()) << "each has a device of its own";
  now = Packed();
  now.waiting[0].priority = kNormal;
  EXPECT_THAT(DecideFor(now, {{"now", {"a"}}}), IsEmpty());
}

TEST(Preemption, WhatIsStillBesideUrgentWorkIsToldAgain) {
  ClusterSnapshot now = Packed();
  now.waiting.clear();
  now.runs[2].priority = kInteractive;
  EXPECT_THAT(DecideFor(now), ElementsAre(Preemption{"two", 0, "a", "normal"},
                                          Preemption{"one", 0, "a", "normal"}));
  now.runs[1].stopping = true;
  EXPECT_THAT(DecideFor(now), ElementsAre(Preemption{"one", 0, "a", "normal"}));
}

TEST(Preemption, WhatLeavesATrainerThatPacksIsRoomForTheNext) {
  ClusterSnapshot now = Packed();
  now.waiting.push_back({.job = "also", .priority = kInteractive});
  EXPECT_THAT(DecideFor(now, {{"now", {"a"}}}),
              ElementsAre(Preemption{"two", 0, "a", "now"}, Preemption{"one", 0, "a", "now"}))
      << "no other trainer's run gives way to it";
}

TEST(Preemption, WhereOneGivesWayToUrgentWorkAllThatYieldsDoes) {
  ClusterSnapshot now = Packed();
  now.nodes[0].free_slots = 0;
  EXPECT_THAT(DecideFor(now),
              ElementsAre(Preemption{"two", 0, "a", "now"}, Preemption{"one", 0, "a", "now"}));
}

}  // namespace
}  // namespace imprint::gateway
