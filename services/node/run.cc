#include "services/node/run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace imprint::node {
namespace {

// The gateway gives up a run of which it hears nothing for --stall-seconds, 600 if not set.
constexpr absl::Duration kSayWorkingEvery = absl::Seconds(5);

}  // namespace

bool Run::Append(v1::RunEvent event) {
  const bool last = IsLast(event);
  if (!log_.Append(std::move(event))) return false;
  if (last) {
    changes_.Notify();
    node_.Notify();
  }
  return true;
}

void Run::StillWorks() {
  {
    const absl::MutexLock lock(&mutex_);
    const absl::Time now = absl::Now();
    if (now - said_working_ < kSayWorkingEvery) return;
    said_working_ = now;
  }
  v1::RunEvent event;
  event.mutable_working();
  Append(std::move(event));
}

void Run::Fail(absl::string_view reason, absl::string_view message, bool retryable) {
  v1::RunEvent event;
  event.mutable_failure()->set_reason(std::string(reason));
  event.mutable_failure()->set_message(std::string(message));
  event.mutable_failure()->set_retryable(retryable);
  Append(std::move(event));
}

void Run::EndStopped(absl::string_view note) {
  const StopOrder order = stop_order().value_or(StopOrder{.reason = "nobody asked for it"});
  v1::RunEvent event;
  event.mutable_stopped()->set_reason(absl::StrCat(order.reason, note));
  event.mutable_stopped()->set_draining(order.draining);
  Append(std::move(event));
}

void Run::Stop(const StopOrder& order) {
  {
    const absl::MutexLock lock(&mutex_);
    if (!order_) {
      order_ = order;
    } else {
      order_->keep = order_->keep && order.keep;
      order_->finish_begun = order_->finish_begun && order.finish_begun;
      order_->by = std::min(order_->by, order.by);
    }
  }
  stop_.request_stop();
  changes_.Notify();
}

std::optional<StopOrder> Run::stop_order() const {
  const absl::MutexLock lock(&mutex_);
  return order_;
}

}  // namespace imprint::node
