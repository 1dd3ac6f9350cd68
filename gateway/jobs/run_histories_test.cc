// What the stores promise together, whatever happens in whatever order.
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "gateway/jobs/job_state.h"
#include "gateway/jobs/store_fixture.h"

namespace imprint::gateway {
namespace {

class RunHistoriesTest : public StoreFixture {
 protected:
  bool IsLookedAfter(const std::string& id);
  bool GangsAreWhole(const std::vector<RunLease>& leases);
};

// Whether a job is where somebody looks for work: waiting, running, or to be brought to its end.
bool RunHistoriesTest::IsLookedAfter(const std::string& id) {
  const auto waiting = queue_.Waiting(1000);
  const auto current = leases_.Current();
  const std::vector<UnfinishedJob> unfinished = Unfinished();
  return std::any_of(waiting->jobs.begin(), waiting->jobs.end(),
                     [&](const WaitingJob& job) { return job.id == id; }) ||
         std::any_of(
             current->begin(), current->end(),
             [&](const CurrentRun& run) { return run.key.job() == absl::StrCat("jobs/", id); }) ||
         std::any_of(unfinished.begin(), unfinished.end(),
                     [&](const UnfinishedJob& job) { return job.id == id; });
}

// Whether of each attempt that runs all ranks do, and of no job two attempts at one chunk.
bool RunHistoriesTest::GangsAreWhole(const std::vector<RunLease>& leases) {
  const auto current = leases_.Current();
  std::map<std::pair<int64_t, int>, size_t> ranks;
  std::map<int64_t, int> attempts;
  for (const CurrentRun& run : *current) {
    const auto known = attempts.try_emplace(run.key.chunk(), run.key.attempt()).first;
    if (known->second != run.key.attempt()) return false;
    size_t& next = ranks[{run.key.chunk(), run.key.attempt()}];
    if (run.key.rank() != static_cast<int>(next++)) return false;
  }
  return std::all_of(ranks.begin(), ranks.end(), [&](const auto& gang) {
    return std::any_of(leases.begin(), leases.end(), [&](const RunLease& lease) {
      return std::pair(lease.key.chunk(), lease.key.attempt()) == gang.first &&
             lease.nodes.size() == gang.second;
    });
  });
}

// Random histories: whatever happens in whatever order, no job is lost, no picture counts twice,
// results are committed once, and a terminal state stays.
TEST_F(RunHistoriesTest, KeepsItsPromisesUnderRandomHistories) {
  std::mt19937 random(11);
  std::map<std::string, v1::JobState> ended;
  for (int round = 0; round < 12; ++round) {
    const std::string id = absl::StrCat("r", round);
    const bool training = random() % 2 == 0;
    Create(training ? Training(id) : ImageSet(id, 40));
    std::vector<RunLease> leases;
    int commits = 0;
    for (int step = 0; step < 80 && !IsTerminal(State(id)); ++step) {
      switch (random() % 10) {
        case 0:
        case 1:
        case 2: {
          const std::vector<std::string> nodes(training ? 1 + random() % 3 : 1, "n");
          const auto lease =
              leases_.Lease(id, nodes, absl::Minutes(random() % 4) - absl::Seconds(1));
          if (lease.ok()) leases.push_back(*lease);
          break;
        }
        case 3:
          if (!leases.empty()) {
            (void)records_.GiveBack(leases[random() % leases.size()].key,
                                    {.fault = random() % 4 == 0});
          }
          break;
        case 6: {
          ASSERT_OK_AND_ASSIGN(const auto expired, leases_.ExpiredRuns());
          for (const ExpiredRun& each : expired) (void)records_.GiveBack(each.run.key, each.end);
          break;
        }
        case 4:
          if (random() % 12 == 0) (void)jobs_.Cancel("t", id, "");
          break;
        case 5:
          for (const UnfinishedJob& job : Unfinished()) {
            if (job.state == v1::JOB_STATE_FINALIZING) {
              (void)endings_.Finish(job.id, "result");
            } else {
              (void)endings_.Stopped(job.id);
            }
          }
          break;
        default:
          if (!leases.empty()) {
            const RunLease& lease = leases[random() % leases.size()];
            if (training) {
              commits += records_.CompleteTraining(lease.key, {}).ok() ? 1 : 0;
            } else {
              (void)DrawAll(lease);
            }
          }
      }
      const v1::Job job = *jobs_.Get("t", id);
      EXPECT_TRUE(IsTerminal(job.state()) || IsLookedAfter(id)) << v1::JobState_Name(job.state());
      EXPECT_TRUE(GangsAreWhole(leases));
      EXPECT_LE(commits, 1);
      EXPECT_LE(job.items_done(), 40);
      if (job.state() == v1::JOB_STATE_SUCCEEDED && !training) {
        EXPECT_EQ(job.items_done(), 40);
      }
    }
    // Whatever was left is brought to an end.
    (void)jobs_.Cancel("t", id, "");
    for (const UnfinishedJob& job : Unfinished()) {
      (void)(job.state == v1::JOB_STATE_FINALIZING ? endings_.Finish(job.id, "result")
                                                   : endings_.Stopped(job.id));
    }
    ended[id] = State(id);
    EXPECT_TRUE(IsTerminal(ended[id]));
    ASSERT_OK_AND_ASSIGN(const auto events, jobs_.Events(id, 1, 10'000));
    int successes = 0;
    for (size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(events[i].number(), i + 1);
      successes += events[i].state_change().to() == v1::JOB_STATE_SUCCEEDED ? 1 : 0;
      if (i + 1 < events.size()) {
        EXPECT_FALSE(IsTerminal(events[i].state_change().to()));
      }
    }
    EXPECT_LE(successes, 1);
    for (const RunLease& lease : leases) {
      EXPECT_FALSE(records_.CompleteTraining(lease.key, {}).ok());
    }
  }
  for (const auto& [id, state] : ended) EXPECT_EQ(State(id), state);
}

}  // namespace
}  // namespace imprint::gateway
