// The one thread that calls the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace imprint::rank {

// gRPC's threads come and go, and each one that computed would leave a team of OpenMP's behind.
// Thread-safe.
class ComputeThread {
 public:
  ComputeThread();
  ~ComputeThread();
  ComputeThread(const ComputeThread&) = delete;
  ComputeThread& operator=(const ComputeThread&) = delete;

  // Runs `work` on the compute thread and returns when it is done. One call runs at a time, in the
  // order in which they came.
  void Run(const std::function<void()>& work);

 private:
  void Loop();

  absl::Mutex mutex_;
  // Calls that came, and calls that are done.
  int64_t asked_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  const std::function<void()>* work_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace imprint::rank
