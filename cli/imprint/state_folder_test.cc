#include "cli/imprint/state_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

TEST(HomeLock, IsOneProcesssUntilItGoes) {
  const ScratchFolder home;
  EXPECT_FALSE(HomeLock::IsHeld(home.path()));
  {
    ASSERT_OK_AND_ASSIGN(const HomeLock lock, HomeLock::Take(home.path()));
    EXPECT_TRUE(HomeLock::IsHeld(home.path()));
    EXPECT_THAT(HomeLock::Take(home.path()), Fails(absl::StatusCode::kFailedPrecondition,
                                                   HasSubstr("runs on " + home.path().string())));
  }
  EXPECT_FALSE(HomeLock::IsHeld(home.path()));
}

TEST(RunningServers, AreReadAsTheyWereWritten) {
  const ScratchFolder home;
  ASSERT_OK_AND_ASSIGN(const HomeLock lock, HomeLock::Take(home.path()));
  EXPECT_THAT(ReadRunning(home.path()),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("starting or stopping")));
  ASSERT_THAT(WriteRunning(home.path(), {.server = "127.0.0.1:1",
                                         .pid = 42,
                                         .metrics = {{"gateway", "http://127.0.0.1:2/metrics"}},
                                         .pids = {{"gateway", 43}}}),
              Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto running, ReadRunning(home.path()));
  ASSERT_TRUE(running.has_value());
  EXPECT_EQ(running->server, "127.0.0.1:1");
  EXPECT_EQ(running->pid, 42);
  EXPECT_EQ(running->metrics.at("gateway"), "http://127.0.0.1:2/metrics");
  EXPECT_EQ(running->pids.at("gateway"), 43);
}

TEST(RunningServers, LeftByAKilledProcessAreNotBelieved) {
  const ScratchFolder home;
  ASSERT_THAT(WriteRunning(home.path(), {.server = "127.0.0.1:1", .pid = 42}), Succeeds());
  ASSERT_OK_AND_ASSIGN(const auto running, ReadRunning(home.path()));
  EXPECT_FALSE(running.has_value());
}

}  // namespace
}  // namespace imprint
