#include "gateway/scheduler/job_scheduler.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

WaitingWork Training(const std::string& job, int64_t age_us = 0, int slots = 1) {
  return {.job = job, .tenant = "t", .slots = slots, .age_us = age_us, .model = "m"};
}

int Enough(const WaitingWork& work) { return work.min_slots > 0 ? work.min_slots : work.slots; }

FreeNode Trainer(const std::string& name, int free_slots = 1, int slots = 0) {
  return {.node = name, .free_slots = free_slots, .slots = slots};
}

TEST(JobScheduler, TheOldestGoesFirst) {
  const ClusterSnapshot now = {.waiting = {Training("young", 1), Training("old", 2)},
                               .nodes = {Trainer("a")}};
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"old", {"a"}}));
}

TEST(JobScheduler, PriorityGoesBeforeAge) {
  ClusterSnapshot now = {.waiting = {Training("old", 2), Training("urgent", 1)},
                         .nodes = {Trainer("a")}};
  now.waiting[1].priority = 3;
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"urgent", {"a"}}));
}

TEST(JobScheduler, ATenantsTenThousandJobsDoNotDelayAnothersFirst) {
  ClusterSnapshot now = {.nodes = {Trainer("a", 2)}};
  for (int i = 0; i < 10'000; ++i) now.waiting.push_back(Training(absl::StrCat("j", i), 1000));
  now.waiting.push_back(Training("other", 1));
  now.waiting.back().tenant = "other";
  const Decisions decisions = Decide(now, {});
  ASSERT_THAT(decisions.placements, SizeIs(2));
  EXPECT_EQ(decisions.placements[1].job, "other");
}

TEST(JobScheduler, WhoHasUsedLessGoesFirstByWeight) {
  ClusterSnapshot now = {.waiting = {Training("a1", 2), Training("b1", 1)},
                         .nodes = {Trainer("n")},
                         .usage = {{"a", 100}, {"b", 150}}};
  now.waiting[0].tenant = "a";
  now.waiting[1].tenant = "b";
  EXPECT_EQ(Decide(now, {}).placements[0].job, "a1");
  EXPECT_EQ(Decide(now, {.weights = {{"b", 2}}}).placements[0].job, "b1");
}

TEST(JobScheduler, WorkGoesToNodesThatHaveItsPrecision) {
  ClusterSnapshot now = {.waiting = {Training("wants-bf16", 30), Training("old", 20)},
                         .nodes = {Trainer("a"), Trainer("b")}};
  now.waiting[0].precision = "bf16";
  // Nobody has it: others are not held up.
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"old", {"a"}}));
  now.nodes[1].precisions = {"bf16", "fp32"};
  EXPECT_THAT(Decide(now, {}).placements,
              ElementsAre(Placement{"wants-bf16", {"b"}}, Placement{"old", {"a"}}));
}

TEST(JobScheduler, WorkGoesToNodesWhoseBatchesHaveItsPlaces) {
  ClusterSnapshot now = {.waiting = {Training("wide", 30), Training("narrow", 20)},
                         .nodes = {Trainer("a"), Trainer("b")}};
  now.waiting[0].places = 8;
  now.waiting[1].places = 4;
  now.nodes[0].batch = 4;
  now.nodes[1].batch = 4;
  // Nobody has as many: others are not held up.
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"narrow", {"a"}}));
  now.nodes[1].batch = 8;
  EXPECT_THAT(Decide(now, {}).placements,
              ElementsAre(Placement{"wide", {"b"}}, Placement{"narrow", {"a"}}));
  // What waits for the one that has as many keeps only that one.
  now.nodes[1].slots = 1;
  now.nodes[1].free_slots = 0;
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"narrow", {"a"}}));
}

TEST(JobScheduler, AGangReservesOnlyNodesThatItCouldTake) {
  ClusterSnapshot now = {.waiting = {Training("gang", 30), Training("small", 20)},
                         .nodes = {Trainer("a"), Trainer("b")}};
  now.waiting[0].precision = "bf16";
  now.waiting[0].slots = 2;
  now.nodes[1].slots = 2;
  now.nodes[1].precisions = {"bf16", "fp32"};
  const Decisions decisions = Decide(now, {});
  EXPECT_THAT(decisions.placements, ElementsAre(Placement{"small", {"a"}}));
  EXPECT_THAT(decisions.reservations, ElementsAre(Reservation{"gang", 2}));
}

TEST(JobScheduler, AGangStartsWithAllRanksOrNone) {
  const ClusterSnapshot now = {.waiting = {Training("gang", 1, 3)},
                               .nodes = {Trainer("a"), Trainer("b", 1, 2)}};
  EXPECT_THAT(Decide(now, {}).placements, IsEmpty());
  const ClusterSnapshot enough = {.waiting = {Training("gang", 1, 3)},
                                  .nodes = {Trainer("a"), Trainer("b", 2)}};
  EXPECT_THAT(Decide(enough, {}).placements, ElementsAre(Placement{"gang", {"b", "a", "b"}}));
}

TEST(JobScheduler, ALargeGangIsNotStarvedByWhatStandsBehindIt) {
  ClusterSnapshot now = {
      .waiting = {Training("gang", 9, 8)},
      .nodes = {Trainer("a", 1, 2), Trainer("b", 1, 2), Trainer("c", 1, 2), Trainer("d", 0, 2)}};
  for (int i = 0; i < 100; ++i) now.waiting.push_back(Training(absl::StrCat("solo", i)));
  const Decisions decisions = Decide(now, {});
  EXPECT_THAT(decisions.reservations, ElementsAre(Reservation{"gang", 8}));
  EXPECT_THAT(decisions.placements, IsEmpty());
}

TEST(JobScheduler, AGangThatNoIdleClusterWouldHoldIsInNobodysWay) {
  const ClusterSnapshot now = {.waiting = {Training("gang", 9, 4), Training("solo", 1)},
                               .nodes = {Trainer("a"), Trainer("b", 0, 2)}};
  const Decisions decisions = Decide(now, {});
  EXPECT_THAT(decisions.placements, ElementsAre(Placement{"solo", {"a"}}));
  EXPECT_THAT(decisions.reservations, IsEmpty());
}

TEST(JobScheduler, AGangThatMayBeSmallerTakesWhatIsFree) {
  ClusterSnapshot now = {.waiting = {Training("gang", 9, 4)},
                         .nodes = {Trainer("a"), Trainer("b"), Trainer("c", 0, 2)}};
  now.waiting[0].min_slots = 2;
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"gang", {"a", "b"}}));
  now.waiting[0].min_slots = 3;
  EXPECT_THAT(Decide(now, {}).placements, IsEmpty());
  EXPECT_THAT(Decide(now, {}).reservations, ElementsAre(Reservation{"gang", 3}));
}

TEST(JobScheduler, RanksOnGpusAndOnProcessorsDoNotMix) {
  ClusterSnapshot now = {.waiting = {Training("gang", 9, 3)},
                         .nodes = {Trainer("c1"), Trainer("c2"), Trainer("g1"), Trainer("g2")}};
  for (const int gpu : {2, 3}) now.nodes[gpu].device = "cuda";
  EXPECT_THAT(Decide(now, {}).placements, IsEmpty());
  now.nodes.push_back(Trainer("g3"));
  now.nodes.back().device = "cuda";
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"gang", {"g1", "g2", "g3"}}));
}

TEST(JobScheduler, AGangReservesOnlyTheKindOfDeviceThatWouldHoldIt) {
  ClusterSnapshot now = {.waiting = {Training("gang", 9, 3), Training("solo", 1)},
                         .nodes = {Trainer("c"), Trainer("g1"), Trainer("g2", 0, 2)}};
  for (const size_t gpu : {1, 2}) now.nodes[gpu].device = "cuda";
  const Decisions decisions = Decide(now, {});
  EXPECT_THAT(decisions.placements, ElementsAre(Placement{"solo", {"c"}}));
  EXPECT_THAT(decisions.reservations, ElementsAre(Reservation{"gang", 3}));
}

TEST(JobScheduler, OfTwoKindsOfDeviceThatDoAGangTakesGpus) {
  ClusterSnapshot now = {.waiting = {Training("gang", 9, 2)},
                         .nodes = {Trainer("c", 4), Trainer("g1"), Trainer("g2")}};
  for (const size_t gpu : {1, 2}) now.nodes[gpu].device = "cuda";
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"gang", {"g1", "g2"}}));
}

TEST(JobScheduler, RanksOfOneGangDoNotShareAGpu) {
  ClusterSnapshot now = {.waiting = {Training("gang", 9, 2)}, .nodes = {Trainer("g1", 2)}};
  now.nodes[0].device = "cuda";
  now.nodes[0].slots_of_a_gang = 1;
  EXPECT_THAT(Decide(now, {}).placements, IsEmpty());
  now.nodes.push_back(now.nodes[0]);
  now.nodes[1].node = "g2";
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"gang", {"g1", "g2"}}));
}

TEST(JobScheduler, AGangCountsForItsTenantRankByRank) {
  ClusterSnapshot now = {.waiting = {Training("gang", 9, 3), Training("a1", 2), Training("b1", 1)},
                         .nodes = {Trainer("n", 4)}};
  now.waiting[0].tenant = now.waiting[1].tenant = "a";
  now.waiting[2].tenant = "b";
  now.usage = {{"b", 60}};  // more than one slot's share, less than three
  const Decisions decisions = Decide(now, {});
  ASSERT_THAT(decisions.placements, SizeIs(2));
  EXPECT_EQ(decisions.placements[1].job, "b1");
}

TEST(JobScheduler, SamplersWorkWhileTrainersAreReserved) {
  ClusterSnapshot now = {
      .waiting = {Training("gang", 9, 2), Training("draw", 1)},
      .nodes = {Trainer("a", 1, 2), {.node = "s", .kind = WorkKind::kSampling, .free_slots = 1}}};
  now.waiting[1].kind = WorkKind::kSampling;
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"draw", {"s"}}));
}

TEST(JobScheduler, ANodeWithTheModelInMemoryIsChosenFirst) {
  ClusterSnapshot now = {.waiting = {Training("j")},
                         .nodes = {Trainer("cold", 4), Trainer("warm")}};
  now.nodes[1].warm_models = {"m"};
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"j", {"warm"}}));
}

TEST(JobScheduler, ChunksOfOneDeviceAreNotPutTogetherWhileAnotherIsIdle) {
  ClusterSnapshot now = {
      .waiting = {{.job = "j", .kind = WorkKind::kSampling, .chunks = 4, .model = "m"}}};
  for (const char* node : {"cold", "warm"}) {
    now.nodes.push_back({.node = node, .kind = WorkKind::kSampling, .free_slots = 4, .slots = 4});
  }
  now.nodes[1].warm_models = {"m"};
  EXPECT_THAT(Decide(now, {}).placements,
              ElementsAre(Placement{"j", {"warm"}}, Placement{"j", {"cold"}},
                          Placement{"j", {"warm"}}, Placement{"j", {"cold"}}));
  now.nodes[0].device = "cuda";
  now.waiting[0].chunks = 2;
  EXPECT_THAT(Decide(now, {}).placements,
              ElementsAre(Placement{"j", {"cold"}}, Placement{"j", {"cold"}}))
      << "a processor is no help to a GPU with a slot";
}

TEST(JobScheduler, ChunksOfOneSetSpreadOverSamplers) {
  WaitingWork set = {.job = "set", .tenant = "t", .kind = WorkKind::kSampling, .chunks = 5};
  const ClusterSnapshot now = {
      .waiting = {set},
      .nodes = {{.node = "a", .kind = WorkKind::kSampling, .free_slots = 1},
                {.node = "b", .kind = WorkKind::kSampling, .free_slots = 1}}};
  EXPECT_THAT(Decide(now, {}).placements, SizeIs(2));
}

// Of four slots, all of which may compute together.
FreeNode Packing(const std::string& name, const std::vector<NodeTraining>& trainings = {}) {
  return {.node = name,
          .free_slots = 4 - static_cast<int>(trainings.size()),
          .slots = 4,
          .pack = 4,
          .trainings = trainings};
}

TEST(JobScheduler, TrainingsArePackedWhereNoTrainerIsLessCrowded) {
  ClusterSnapshot now = {
      .waiting = {Training("a", 4), Training("b", 3), Training("c", 2), Training("d", 1)},
      .nodes = {Packing("one"), Packing("two")}};
  now.nodes[0].warm_models = {"m"};
  EXPECT_THAT(Decide(now, {}).placements,
              ElementsAre(Placement{"a", {"one"}}, Placement{"b", {"two"}}, Placement{"c", {"one"}},
                          Placement{"d", {"two"}}));
}

TEST(JobScheduler, ATrainingGoesWhereItCanBePackedRatherThanBesideAnother) {
  ClusterSnapshot now = {.waiting = {Training("a")},
                         .nodes = {Packing("one"), Packing("two", {{"m", "fp32"}, {"m", "fp32"}})}};
  const NodeTraining strangers[] = {{"other", "fp32"}, {"m", "bf16"}, {"m", "fp32", 1}};
  for (const NodeTraining& stranger : strangers) {
    now.nodes[0] = Packing("one", {stranger});
    EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"a", {"two"}}));
  }
  now.nodes[0] = Packing("one", {{"m", "fp32"}});
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"a", {"one"}}));
}

TEST(JobScheduler, AnUrgentTrainingHasTheTrainerToItself) {
  ClusterSnapshot now = {.waiting = {Training("bulk", 9), Training("urgent", 1)},
                         .nodes = {Packing("one")}};
  now.waiting[0].priority = 1;
  now.waiting[1].priority = 3;
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"urgent", {"one"}}));
  now.nodes[0] = Packing("one", {{"m", "fp32", 3}});
  EXPECT_TRUE(IsKeptFree(now.nodes[0].trainings, 1, {}));
  EXPECT_FALSE(IsKeptFree(now.nodes[0].trainings, 3, {}));
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"urgent", {"one"}}))
      << "beside what is as urgent";
  now.nodes.push_back(Trainer("two"));
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"urgent", {"two"}}))
      << "where it is alone";
  now.waiting.pop_back();
  EXPECT_THAT(Decide(now, {}).placements, ElementsAre(Placement{"bulk", {"two"}}));
}

TEST(JobScheduler, AGangThatCannotHaveKeptSlotsIsInNobodysWay) {
  ClusterSnapshot now = {.waiting = {Training("gang", 9, 5), Training("solo", 1)},
                         .nodes = {Packing("one", {{"m", "fp32", 3}}), Packing("two")}};
  Decisions decisions = Decide(now, {});
  EXPECT_THAT(decisions.placements, ElementsAre(Placement{"solo", {"two"}}));
  EXPECT_THAT(decisions.reservations, IsEmpty());
  now.nodes[0] = Packing("one", {{"m", "fp32", 2}, {"m", "fp32", 2}});
  now.nodes[1].free_slots = 2;
  decisions = Decide(now, {});
  EXPECT_THAT(decisions.placements, IsEmpty()) << "it will have them";
  EXPECT_THAT(decisions.reservations, ElementsAre(Reservation{"gang", 5}));
}

TEST(JobScheduler, SaysHowManyJobsAreAhead) {
  ClusterSnapshot now = {.waiting = {Training("c", 1), Training("a", 3), Training("b", 2)}};
  EXPECT_EQ(JobsAhead(now, {}, "a"), 0);
  EXPECT_EQ(JobsAhead(now, {}, "c"), 2);
  EXPECT_EQ(JobsAhead(now, {}, "none"), -1);
  now.waiting[1].chunks = 30'000;
  EXPECT_EQ(JobsAhead(now, {}, "c"), 2) << "a set is one job, however large";
  now.waiting[2].kind = WorkKind::kSampling;
  EXPECT_EQ(JobsAhead(now, {}, "c"), 1) << "samplers' work is not in a trainer's way";
}

TEST(JobScheduler, WhatATenantRunsCountsForIt) {
  ClusterSnapshot now = {.waiting = {Training("busy", 2), Training("idle", 1)},
                         .nodes = {Trainer("n")},
                         .running = {{"busy", 1}}};
  now.waiting[0].tenant = "busy";
  now.waiting[1].tenant = "idle";
  EXPECT_EQ(Decide(now, {}).placements[0].job, "idle");
}

// Random clusters, by the thousand: no slot is given twice, no gang is partial, nothing starts that
// does not wait, the same snapshot gives the same decisions, and work is never left waiting beside
// a node that could take the first of its kind.
TEST(JobScheduler, KeepsItsPromisesOnRandomClusters) {
  std::mt19937 random(7);
  const auto up_to = [&](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n + 1));
  };
  for (int round = 0; round < 2000; ++round) {
    ClusterSnapshot now;
    for (int i = up_to(12); i > 0; --i) {
      now.waiting.push_back({.job = absl::StrCat("j", i),
                             .tenant = absl::StrCat("t", up_to(3)),
                             .kind = static_cast<WorkKind>(up_to(1)),
                             .priority = up_to(2),
                             .slots = 1 + up_to(3),
                             .min_slots = up_to(2),
                             .chunks = 1 + up_to(4),
                             .age_us = up_to(50),
                             .model = absl::StrCat("m", up_to(2))});
    }
    for (int i = up_to(6); i > 0; --i) {
      now.nodes.push_back({.node = absl::StrCat("n", i),
                           .kind = static_cast<WorkKind>(up_to(1)),
                           .free_slots = up_to(4),
                           .slots = up_to(6),
                           .warm_models = {absl::StrCat("m", up_to(2))},
                           .device = up_to(1) == 0 ? "cpu" : "cuda"});
    }
    for (WaitingWork& work : now.waiting) work.min_slots = std::min(work.min_slots, work.slots);
    now.usage["t1"] = up_to(1000);
    const Decisions decisions = Decide(now, {});
    EXPECT_EQ(decisions.placements, Decide(now, {}).placements);

    std::map<std::string, int> left;
    std::map<std::string, const FreeNode*> nodes;
    for (const FreeNode& node : now.nodes) {
      left[node.node] = node.free_slots;
      nodes[node.node] = &node;
    }
    std::map<std::string, int64_t> placed;
    for (const Placement& placement : decisions.placements) {
      const auto work = std::find_if(now.waiting.begin(), now.waiting.end(),
                                     [&](const auto& w) { return w.job == placement.job; });
      ASSERT_NE(work, now.waiting.end());
      const int ranks = static_cast<int>(placement.nodes.size());
      EXPECT_LE(ranks, work->slots);
      EXPECT_GE(ranks, Enough(*work));
      EXPECT_LE(++placed[placement.job], work->chunks);
      for (const std::string& node : placement.nodes) {
        EXPECT_GE(--left[node], 0);
        EXPECT_EQ(nodes[node]->kind, work->kind);
        if (ranks > 1) {
          EXPECT_EQ(nodes[node]->device, nodes[placement.nodes[0]]->device);
        }
      }
    }
    for (const WorkKind kind : {WorkKind::kTraining, WorkKind::kSampling}) {
      std::map<std::string, int> free;
      std::map<std::string, int> all;
      for (const auto& [name, slots] : left) {
        const FreeNode& node = *nodes[name];
        if (node.kind != kind) continue;
        free[node.device] += slots;
        all[node.device] += std::max(node.slots, node.free_slots);
      }
      // Whatever is left free is too little for one of those that wait and could ever be held.
      int largest = 0;
      for (const WaitingWork& work : now.waiting) {
        if (work.kind != kind || placed[work.job] >= work.chunks) continue;
        if (std::max(all["cpu"], all["cuda"]) >= Enough(work)) {
          largest = std::max(largest, Enough(work));
        }
      }
      if (largest > 0) {
        EXPECT_LT(std::max(free["cpu"], free["cuda"]), largest);
      }
    }
  }
}

// What arrives behind a gang never delays it: as slots come free one by one, the first gang that
// the cluster could hold starts as soon as there are enough, whatever else waits.
TEST(JobScheduler, NoGangStarves) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    const int slots = 2 + static_cast<int>(random() % 6);
    const int ranks = 2 + static_cast<int>(random() % static_cast<unsigned>(slots - 1));
    int free = 0;
    int ticks = 0;
    bool begun = false;
    while (!begun && ticks <= slots) {
      ++ticks;
      if (free < slots) ++free;  // one that ran has ended
      ClusterSnapshot now = {.waiting = {Training("gang", 1000, ranks)},
                             .nodes = {Trainer("n", free, slots)}};
      for (int i = 0; i < 20; ++i) now.waiting.push_back(Training(absl::StrCat("s", i), i));
      for (const Placement& placement : Decide(now, {}).placements) {
        free -= static_cast<int>(placement.nodes.size());
        begun = begun || placement.job == "gang";
      }
    }
    EXPECT_TRUE(begun);
    EXPECT_EQ(ticks, ranks) << "as soon as so many slots were free";
  }
}

}  // namespace
}  // namespace imprint::gateway
