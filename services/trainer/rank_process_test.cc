#include "services/trainer/rank_process.h"

#include <csignal>
#include <string>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::trainer {
namespace {

using ::testing::HasSubstr;

absl::Time InAWhile() { return absl::Now() + absl::Seconds(60); }

class RankProcessTest : public ::testing::Test {
 protected:
  auto Spawn(const std::string& binary) {
    return RankProcess::Spawn({.binary = binary, .folder = scratch_.path()}, 1);
  }
  // A program that says nothing and does `body`.
  std::string Script(const std::string& body) {
    const std::filesystem::path script = scratch_.Write("script", "#!/bin/sh\n" + body + "\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    return script.string();
  }
  ScratchFolder scratch_;
};

TEST_F(RankProcessTest, AnswersOnceItIsReady) {
  ASSERT_OK_AND_ASSIGN(const auto rank, Spawn(IMPRINT_FAKE_RANK));
  EXPECT_THAT(rank->AwaitReady(InAWhile(), {}), Succeeds());
  EXPECT_FALSE(rank->ending());
  EXPECT_GT(rank->MemoryBytes(), 1 << 20);
}

TEST_F(RankProcessTest, SaysHowItEnded) {
  ASSERT_OK_AND_ASSIGN(const auto killed, Spawn(IMPRINT_FAKE_RANK));
  kill(killed->pid(), SIGSEGV);
  ASSERT_TRUE(killed->AwaitEnd(InAWhile()));
  EXPECT_EQ(killed->ending(), "was killed by signal 11");

  ASSERT_OK_AND_ASSIGN(const auto left, Spawn(Script("exit 3")));
  EXPECT_THAT(
      left->AwaitReady(InAWhile(), {}),
      Fails(absl::StatusCode::kUnavailable, HasSubstr("exited with code 3 before it was ready")));
}

TEST_F(RankProcessTest, HangingInItsStartIsAnError) {
  ASSERT_OK_AND_ASSIGN(const auto rank, Spawn(Script("exec sleep 600")));
  EXPECT_THAT(rank->AwaitReady(absl::Now() + absl::Milliseconds(100), {}),
              Fails(absl::StatusCode::kDeadlineExceeded, HasSubstr("does not answer")));
}

TEST_F(RankProcessTest, EndsWithItsObject) {
  pid_t pid = 0;
  {
    ASSERT_OK_AND_ASSIGN(const auto rank, Spawn(Script("exec sleep 600")));
    pid = rank->pid();
  }
  EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(RankProcessTest, AProgramThatIsNotThereIsNamed) {
  EXPECT_THAT(Spawn("/nowhere/imprint-rank"),
              Fails(absl::StatusCode::kUnavailable, HasSubstr("/nowhere/imprint-rank")));
}

TEST_F(RankProcessTest, ATooLongSocketPathIsRefused) {
  EXPECT_THAT(RankProcess::Spawn({.binary = "x", .folder = std::string(120, 'a')}, 1),
              Fails(absl::StatusCode::kInvalidArgument, HasSubstr("work-folder")));
}

}  // namespace
}  // namespace imprint::trainer
