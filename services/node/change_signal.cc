#include "services/node/change_signal.h"

namespace imprint::node {

void ChangeSignal::Notify() {
  const absl::MutexLock lock(&mutex_);
  ++count_;
}

int64_t ChangeSignal::count() const {
  const absl::MutexLock lock(&mutex_);
  return count_;
}

int64_t ChangeSignal::Wait(int64_t seen, absl::Time deadline) const {
  const auto changed = [this, seen]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return count_ > seen; };
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithDeadline(absl::Condition(&changed), deadline);
  return count_;
}

}  // namespace imprint::node
