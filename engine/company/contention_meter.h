// Measures how much others keep this process from running.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace imprint::engine {

// Reads what Linux counts for every thread in /proc/self/task/*/schedstat: the time in which it
// could have run while another thread had its processor. Not thread-safe.
class ContentionMeter {
 public:
  using Clock = std::chrono::steady_clock;

  // `threads` is a folder with a subfolder for each thread.
  explicit ContentionMeter(std::filesystem::path threads = "/proc/self/task",
                           Clock::time_point now = Clock::now());

  // Returns the average number of this process's threads that waited for a processor since the last
  // call: 0.5 if one was kept waiting half of the time. Returns 0 where the kernel does not count.
  double Take(Clock::time_point now = Clock::now());

 private:
  std::filesystem::path threads_;
  std::map<std::string, int64_t> delays_;  // keyed by thread, in nanoseconds
  Clock::time_point taken_;
};

}  // namespace imprint::engine
