#include "gateway/jobs/event_bell.h"

#include "absl/hash/hash.h"
#include "absl/time/clock.h"

namespace imprint::gateway {

EventBell::Bell& EventBell::BellOf(absl::string_view job) const {
  return bells_[absl::HashOf(job) % bells_.size()];
}

uint64_t EventBell::Count(absl::string_view job) const {
  Bell& bell = BellOf(job);
  const absl::MutexLock lock(&bell.mutex);
  return bell.count;
}

void EventBell::Wait(absl::string_view job, uint64_t count, absl::Duration timeout) const {
  Bell& bell = BellOf(job);
  const absl::Time deadline = absl::Now() + timeout;
  const absl::MutexLock lock(&bell.mutex);
  while (bell.count == count && !bell.rung.WaitWithDeadline(&bell.mutex, deadline)) {
  }
}

void EventBell::Ring(absl::string_view job) {
  Bell& bell = BellOf(job);
  const absl::MutexLock lock(&bell.mutex);
  ++bell.count;
  bell.rung.SignalAll();
}

}  // namespace imprint::gateway
