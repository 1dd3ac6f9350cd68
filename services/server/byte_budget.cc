#include "services/server/byte_budget.h"

#include "absl/strings/str_cat.h"

#include "rpc/status.h"

namespace imprint {
namespace {

absl::Status TooMuch(const std::string& text) {
  return WithReason(absl::ResourceExhaustedError(text), "TOO_MUCH_AT_ONCE");
}

}  // namespace

void ByteBudget::Show(const std::string& label, Metrics& metrics) {
  metrics
      .Gauge("imprint_memory_limit_bytes", "Memory that a kind of work may take.",
             {{"what", label}})
      .Set(static_cast<double>(bytes_));
  gauge_ = &metrics.Gauge("imprint_memory_taken_bytes", "Memory that a kind of work has taken.",
                          {{"what", label}});
}

absl::StatusOr<ByteBudget::Share> ByteBudget::Take(int64_t bytes, absl::Duration patience) {
  if (bytes > bytes_) {
    return TooMuch(absl::StrCat(what_, ": it would take ", bytes, " bytes of ", bytes_));
  }
  const auto room = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return taken_ + bytes <= bytes_; };
  const absl::MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithTimeout(absl::Condition(&room), patience)) {
    return WithRetryAfter(
        TooMuch(absl::StrCat(what_, ": ", taken_, " of ", bytes_, " bytes are taken just now")),
        absl::Seconds(2));
  }
  taken_ += bytes;
  if (gauge_ != nullptr) gauge_->Set(static_cast<double>(taken_));
  return Share(this, bytes);
}

void ByteBudget::Return(int64_t bytes) {
  const absl::MutexLock lock(&mutex_);
  taken_ -= bytes;
  if (gauge_ != nullptr) gauge_->Set(static_cast<double>(taken_));
}

}  // namespace imprint
