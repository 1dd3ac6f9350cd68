// Lets so many in at once; the others are told when to come again.
#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "rpc/status.h"

namespace imprint {

// Thread-safe. Must outlive its passes.
class Turnstile {
 public:
  // `what` goes in: "uploads".
  Turnstile(std::string what, int limit) : what_(std::move(what)), limit_(limit) {}

  // In until it is destroyed.
  class Pass {
   public:
    Pass(Pass&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (turnstile_ != nullptr) --turnstile_->inside_;
    }

   private:
    friend class Turnstile;
    explicit Pass(Turnstile* turnstile) : turnstile_(turnstile) {}

    Turnstile* turnstile_;
  };

  // RESOURCE_EXHAUSTED with RetryInfo if all are in.
  absl::StatusOr<Pass> Enter() {
    Pass pass(this);
    if (++inside_ <= limit_) return pass;
    return WithRetryAfter(WithReason(absl::ResourceExhaustedError(absl::StrCat(
                                         what_, ": ", limit_, " are open, the most at once")),
                                     "TOO_MANY_AT_ONCE"),
                          absl::Seconds(2));
  }

 private:
  const std::string what_;
  const int limit_;
  std::atomic<int> inside_ = 0;
};

}  // namespace imprint
