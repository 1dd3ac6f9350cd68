#include "cli/imprint_engine/gang_ending.h"

#include <vector>

#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

const absl::Status kBroken = absl::UnavailableError("gang: summing up: closed by peer");
const RankEnding kAlive = {};
const RankEnding kDone = {.ended = true};
const RankEnding kKilled = {.ended = true, .wait_status = 9};
const RankEnding kFull = {.ended = true, .wait_status = 1 << 8, .said = "out of memory: 4 GB"};
const RankEnding kFell = {.ended = true, .wait_status = 1 << 8, .said = "gang: summing up: peer"};

std::string Explained(const std::vector<RankEnding>& others) {
  return std::string(ExplainGangError(kBroken, others).message());
}

TEST(ExplainGangError, NamesWhoIsAtFaultNotWhoFellOver) {
  const std::string tail = " (gang: summing up: closed by peer)";
  EXPECT_EQ(Explained({kFell, kKilled}), "rank 2 was killed by signal 9" + tail);
  EXPECT_EQ(Explained({kFull, kKilled}), "rank 2 was killed by signal 9" + tail);
  EXPECT_EQ(Explained({kFell, kFull}), "rank 2 exited with code 1: out of memory: 4 GB" + tail);
  EXPECT_EQ(Explained({kFell, kAlive, kFell}), "rank 2 is silent" + tail);
  EXPECT_EQ(Explained({kAlive, kFull}), "rank 2 exited with code 1: out of memory: 4 GB" + tail);
}

TEST(ExplainGangError, SaysNothingWhereNobodyIsAtFault) {
  EXPECT_EQ(Explained({kDone, kFell}), kBroken.message());
  EXPECT_EQ(Explained({}), kBroken.message());
}

}  // namespace
}  // namespace imprint::cli
