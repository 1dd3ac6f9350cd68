// Measures how much others keep this process from running.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace imprint::engine {

// Reads what Linux counts for every thread in /proc/self/task/*/schedstat: the time in which it
// ran, and that in which it could have run while another thread had its processor. Only threads
// that compute count: one that now and then writes a file waits for a computing thread of its own
// process, each time for longer than it then runs. Not thread-safe.
class ContentionMeter {
 public:
  using Clock = std::chrono::steady_clock;

  // `threads` is a folder with a subfolder for each thread.
  explicit ContentionMeter(std::filesystem::path threads = "/proc/self/task",
                           Clock::time_point now = Clock::now());

  // Returns the average number of this process's computing threads, those that ran for at least a
  // quarter of the time of the one that ran longest, that waited for a processor since the last
  // call: 0.5 if one was kept waiting half of the time. Returns 0 where the kernel does not count.
  double Take(Clock::time_point now = Clock::now());

 private:
  // Nanoseconds since a thread began.
  struct Times {
    int64_t ran = 0;
    int64_t delayed = 0;
  };
  using TimesByThread = std::map<std::string, Times>;

  static TimesByThread Read(const std::filesystem::path& threads);

  std::filesystem::path threads_;
  TimesByThread times_;
  Clock::time_point taken_;
};

}  // namespace imprint::engine
