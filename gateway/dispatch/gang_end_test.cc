#include "gateway/dispatch/gang_end.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

using ::testing::HasSubstr;

RankEnd Failed(int rank, const std::string& reason, const std::string& message,
               bool retryable = true) {
  RankEnd end = {.rank = rank, .node = absl::StrCat("n", rank), .last = v1::RunEvent()};
  end.last->mutable_failure()->set_reason(reason);
  end.last->mutable_failure()->set_message(message);
  end.last->mutable_failure()->set_retryable(retryable);
  return end;
}

RankEnd Fell(int rank) { return Failed(rank, "GANG_BROKEN", "gang: summing up: closed by peer"); }

RankEnd Killed(int rank) { return Failed(rank, "RANK_CRASHED", "killed by signal 9 after step 7"); }

RankEnd Stopped(int rank, bool draining) {
  RankEnd end = {.rank = rank, .node = absl::StrCat("n", rank), .last = v1::RunEvent()};
  end.last->mutable_stopped()->set_reason(draining ? "the node is draining" : "");
  end.last->mutable_stopped()->set_draining(draining);
  return end;
}

RunEnd EndOf(const std::vector<RankEnd>& ends) { return EndOfGang(ends); }

TEST(EndOfGang, NamesTheRankOverWhichTheOthersFell) {
  const RunEnd end = EndOf({Fell(0), Killed(1), Fell(2)});
  EXPECT_EQ(end.reason, "rank 1 on node n1: killed by signal 9 after step 7");
  EXPECT_EQ(end.state, v1::ATTEMPT_STATE_FAILED);
  EXPECT_TRUE(end.fault);
  EXPECT_FALSE(end.fatal);
}

TEST(EndOfGang, WhatNoOtherAttemptMendsGoesFirst) {
  const RunEnd end = EndOf({Killed(0), Failed(1, "BAD_INPUT", "templates: got none", false)});
  EXPECT_TRUE(end.fatal);
  EXPECT_EQ(end.failure.message(), "rank 1 on node n1: templates: got none");
}

TEST(EndOfGang, ADrainCostsNoAttempt) {
  const RunEnd end = EndOf({Stopped(0, false), Stopped(1, true)});
  EXPECT_EQ(end.state, v1::ATTEMPT_STATE_STOPPED);
  EXPECT_FALSE(end.fault);
  EXPECT_EQ(end.reason, "rank 1 on node n1: the node is draining");
}

TEST(EndOfGang, ARankOfWhichNothingIsKnownIsNamed) {
  EXPECT_EQ(EndOf({Fell(0), {.rank = 1, .node = "n1"}}).reason,
            "rank 1 on node n1: nothing was heard of it");
}

TEST(EndOfGang, WhereNobodyIsAtFaultRankZeroSaysWhatItSaw) {
  EXPECT_THAT(EndOf({Fell(0), Fell(1)}).reason, HasSubstr("rank 0 on node n0: gang: summing up"));
}

TEST(EndOfGang, AGangThatNeverMetHasAFault) {
  const RunEnd end = EndOf({Stopped(0, false), Fell(1)});
  EXPECT_TRUE(end.fault);
  EXPECT_THAT(end.reason, HasSubstr("rank 1 on node n1: gang: "));
}

TEST(EndOfGang, ARankThatFoundNoSlotIsNoFault) {
  const RankEnd full = {.rank = 1, .node = "n1", .error = absl::ResourceExhaustedError("taken")};
  EXPECT_FALSE(EndOf({Stopped(0, false), full}).fault);
  const RankEnd gone = {.rank = 1, .node = "n1", .error = absl::NotFoundError("unknown")};
  const RunEnd end = EndOf({Stopped(0, false), gone});
  EXPECT_TRUE(end.fault);
  EXPECT_FALSE(end.fatal);
  EXPECT_EQ(end.reason, "rank 1 on node n1: its node no longer has it");
}

TEST(IsAtFault, AConsequenceIsNoFault) {
  EXPECT_TRUE(IsAtFault(Killed(1)));
  EXPECT_TRUE(IsAtFault(Stopped(1, true)));
  EXPECT_FALSE(IsAtFault(Fell(1)));
  EXPECT_FALSE(IsAtFault(Stopped(1, false)));
  EXPECT_FALSE(IsAtFault({.rank = 1}));
}

}  // namespace
}  // namespace imprint::gateway
