#include "gateway/jobs/job_state.h"

#include <random>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::gateway {
namespace {

TEST(JobState, TerminalIsTerminal) {
  for (const JobTransition& transition : JobTransitions()) {
    EXPECT_FALSE(IsTerminal(transition.from)) << Name(transition.from);
  }
}

TEST(JobState, EveryPairIsDecidedOnce) {
  std::set<std::pair<int, JobOccurrence>> seen;
  for (const JobTransition& transition : JobTransitions()) {
    EXPECT_TRUE(seen.insert({transition.from, transition.occurrence}).second);
  }
}

TEST(JobState, EveryLiveStateReachesAnEnd) {
  for (int state = v1::JOB_STATE_PENDING; state <= v1::JOB_STATE_CANCELLED; ++state) {
    std::set<int> reached = {state};
    for (size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const JobTransition& t : JobTransitions()) {
        if (reached.contains(t.from)) reached.insert(t.to);
      }
    }
    bool ends = false;
    for (const int r : reached) ends = ends || IsTerminal(static_cast<v1::JobState>(r));
    EXPECT_TRUE(ends) << Name(static_cast<v1::JobState>(state));
  }
}

TEST(JobState, SucceedsOnlyThroughFinalizing) {
  for (const JobTransition& t : JobTransitions()) {
    if (t.to == v1::JOB_STATE_SUCCEEDED) {
      EXPECT_EQ(t.from, v1::JOB_STATE_FINALIZING);
    }
  }
}

TEST(JobState, WhatTheTableLacksIsRefusedNamingBoth) {
  EXPECT_THAT(NextState(v1::JOB_STATE_SUCCEEDED, JobOccurrence::kCancelAsked),
              Fails(absl::StatusCode::kFailedPrecondition, ::testing::HasSubstr("SUCCEEDED")));
}

}  // namespace
}  // namespace imprint::gateway
