#include "cli/program/interrupt.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unistd.h>

#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

TEST(Interrupt, TheFirstSignalAsksForAStop) {
  const Interrupt interrupt;
  EXPECT_FALSE(interrupt.token().stop_requested());
  std::mutex mutex;
  std::condition_variable stopped;
  bool seen = false;
  const std::stop_callback callback(interrupt.token(), [&] {
    const std::lock_guard lock(mutex);
    seen = true;
    stopped.notify_one();
  });
  kill(getpid(), SIGINT);
  std::unique_lock lock(mutex);
  EXPECT_TRUE(stopped.wait_for(lock, std::chrono::seconds(20), [&] { return seen; }));
}

TEST(Interrupt, TheSecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        const Interrupt interrupt;
        kill(getpid(), SIGTERM);
        while (!interrupt.token().stop_requested()) usleep(1000);
        kill(getpid(), SIGINT);
        pause();
      },
      ::testing::ExitedWithCode(130), "");
}

TEST(Interrupt, GoesAwayQuietly) { const Interrupt interrupt; }

}  // namespace
}  // namespace imprint::cli
