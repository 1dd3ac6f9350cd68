#include "cli/imprint/up/state_folder.h"

#include <array>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::cli {
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

TEST(HomeLock, OfManyAtOnceOneHasItAndTheOthersNameIt) {
  const std::string holder = absl::StrCat("already (process ", getpid(), ")");
  for (int round = 0; round < 50; ++round) {
    const ScratchFolder home;
    std::array<std::optional<absl::StatusOr<HomeLock>>, 8> taken;
    std::vector<std::thread> threads;
    for (auto& each : taken) {
      threads.emplace_back([&each, &home] { each.emplace(HomeLock::Take(home.path())); });
    }
    for (std::thread& thread : threads) thread.join();
    int holders = 0;
    for (const auto& each : taken) {
      holders += each->ok() ? 1 : 0;
      if (each->ok()) continue;
      EXPECT_THAT(*each, Fails(absl::StatusCode::kFailedPrecondition, HasSubstr(holder)));
    }
    EXPECT_EQ(holders, 1);
  }
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
}  // namespace imprint::cli
