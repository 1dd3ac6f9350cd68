// Waits, but ends early when a stop is requested.
#pragma once

#include <stop_token>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace imprint {

// Waits for `duration`, or until a stop is requested.
inline void Pause(const std::stop_token& stop, absl::Duration duration) {
  absl::Mutex mutex;
  absl::CondVar stopped;
  const std::stop_callback wake(stop, [&] {
    const absl::MutexLock lock(&mutex);
    stopped.SignalAll();
  });
  const absl::MutexLock lock(&mutex);
  const absl::Time until = absl::Now() + duration;
  while (!stop.stop_requested() && !stopped.WaitWithDeadline(&mutex, until)) {
  }
}

}  // namespace imprint
