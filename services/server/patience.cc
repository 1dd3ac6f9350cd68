#include "services/server/patience.h"

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include <grpc/grpc.h>

namespace imprint {
namespace {

std::atomic<int64_t> patience_us = 30'000'000;

}  // namespace

void SetStreamPatience(absl::Duration patience) {
  patience_us = absl::ToInt64Microseconds(patience);
}

// Shared with the alarm, which may go off while the call is being left.
struct Patience::Call {
  absl::Mutex mutex;
  grpc_call* call ABSL_GUARDED_BY(mutex) = nullptr;
  std::string text;
};

Patience::Patience(grpc::ServerContextBase& context, const std::string& text)
    : call_(std::make_shared<Call>()) {
  {
    const absl::MutexLock lock(&call_->mutex);
    call_->call = context.c_call();
    call_->text = text;
  }
  const absl::Time until = absl::Now() + absl::Microseconds(patience_us.load());
  alarm_.Set(absl::ToChronoTime(until), [call = call_](bool rang) {
    if (!rang) return;
    const absl::MutexLock lock(&call->mutex);
    // The call may be over, and its context gone, when the alarm goes off.
    if (call->call == nullptr) return;
    // TryCancel would say no more than that it was cancelled.
    grpc_call_cancel_with_status(call->call, GRPC_STATUS_DEADLINE_EXCEEDED, call->text.c_str(),
                                 nullptr);
  });
}

Patience::~Patience() {
  {
    const absl::MutexLock lock(&call_->mutex);
    call_->call = nullptr;
  }
  alarm_.Cancel();
}

}  // namespace imprint
