// Notifies waiting threads that something changed.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace imprint::node {

// Thread-safe. It counts changes, so that none is missed between looking and waiting:
//   int64_t seen = signal.count();
//   ... look ...
//   seen = signal.Wait(seen, deadline);
class ChangeSignal {
 public:
  void Notify();

  int64_t count() const;

  // Blocks until there have been more changes than `seen` or the deadline passes; returns the
  // count.
  int64_t Wait(int64_t seen, absl::Time deadline) const;

 private:
  mutable absl::Mutex mutex_;
  int64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace imprint::node
