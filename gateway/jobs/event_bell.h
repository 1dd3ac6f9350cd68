// Wakes whoever waits for a job's next event.
#pragma once

#include <array>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace imprint::gateway {

// Thread-safe. Jobs share a few bells, so a waiter may wake for another job's event, and then looks
// again.
class EventBell {
 public:
  // Returns the count to pass to Wait. Take it before looking for events, so that none is missed in
  // between.
  uint64_t Count(absl::string_view job) const;

  // Blocks until the job's bell has rung since `count`, or for `timeout`.
  void Wait(absl::string_view job, uint64_t count, absl::Duration timeout) const;

  void Ring(absl::string_view job);

 private:
  struct Bell {
    absl::Mutex mutex;
    absl::CondVar rung;
    uint64_t count ABSL_GUARDED_BY(mutex) = 0;
  };

  Bell& BellOf(absl::string_view job) const;

  mutable std::array<Bell, 64> bells_;
};

}  // namespace imprint::gateway
