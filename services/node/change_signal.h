// Says that something changed to those who wait for it.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace imprint::node {

// Thread-safe. Counts changes, so that none is missed between looking and waiting:
//   int64_t seen = signal.count();
//   ... look ...
//   seen = signal.Wait(seen, deadline);
class ChangeSignal {
 public:
  void Notify();

  int64_t count() const;

  // Waits until there were more changes than `seen`, or until the deadline; gives the count.
  int64_t Wait(int64_t seen, absl::Time deadline) const;

 private:
  mutable absl::Mutex mutex_;
  int64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace imprint::node
