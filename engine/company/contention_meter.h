// How much others keep this process from running.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace imprint {

// What Linux counts for every thread in /proc/self/task/*/schedstat: the time that it could have
// run, and another thread had its processor. Not thread-safe.
class ContentionMeter {
 public:
  using Clock = std::chrono::steady_clock;

  // `threads` has a folder for each thread.
  explicit ContentionMeter(std::filesystem::path threads = "/proc/self/task",
                           Clock::time_point now = Clock::now());

  // Threads of this process that waited for a processor since the last call, on average: 0.5 if
  // one was kept waiting half of the time. 0 where the kernel does not count.
  double Take(Clock::time_point now = Clock::now());

 private:
  std::filesystem::path threads_;
  std::map<std::string, int64_t> delays_;  // by thread, in nanoseconds
  Clock::time_point taken_;
};

}  // namespace imprint
