// Counts the calls that a server is answering, so that a drain can wait for them.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace imprint {

// Thread-safe.
class CallsInFlight {
 public:
  void Began() {
    const absl::MutexLock lock(&mutex_);
    ++count_;
  }

  void Ended() {
    const absl::MutexLock lock(&mutex_);
    --count_;
  }

  int Count() {
    const absl::MutexLock lock(&mutex_);
    return count_;
  }

  // Blocks until no call is in flight, or until `deadline`.
  void AwaitNone(absl::Time deadline) {
    const auto none = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return count_ == 0; };
    const absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithDeadline(absl::Condition(&none), deadline);
  }

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace imprint
