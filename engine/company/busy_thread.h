// For tests: a competitor for processors.
#pragma once

#include <atomic>
#include <thread>

namespace imprint::engine {

// Computes as long as it lives, on the processors that its creator's thread may use.
class BusyThread {
 public:
  BusyThread()
      : thread_([this] {
          while (!over_) {
          }
        }) {}
  ~BusyThread() { over_ = true; }
  BusyThread(const BusyThread&) = delete;
  BusyThread& operator=(const BusyThread&) = delete;

 private:
  std::atomic<bool> over_ = false;
  std::jthread thread_;
};

}  // namespace imprint::engine
