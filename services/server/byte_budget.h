// A memory budget that several calls share.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "services/server/metrics.h"

namespace imprint {

// Thread-safe. Must outlive its shares.
class ByteBudget {
 public:
  // `what` names, in error texts, what takes the memory: "pictures that are decoded".
  ByteBudget(std::string what, int64_t bytes) : what_(std::move(what)), bytes_(bytes) {}

  // Exports imprint_memory_taken_bytes{what} and imprint_memory_limit_bytes{what}; `metrics` must
  // outlive the budget.
  void Show(const std::string& label, Metrics& metrics);

  // Holds its bytes of the budget until it is destroyed.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (budget_ != nullptr) budget_->Return(bytes_);
    }

   private:
    friend class ByteBudget;
    Share(ByteBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {}

    ByteBudget* budget_ = nullptr;
    int64_t bytes_ = 0;
  };

  // Takes bytes from the budget, waiting up to `patience` for others to return theirs. Returns
  // RESOURCE_EXHAUSTED: with RetryInfo if they did not, without it if `bytes` exceeds the whole
  // budget. The holder of a share must not wait for another one.
  absl::StatusOr<Share> Take(int64_t bytes, absl::Duration patience = absl::ZeroDuration());

 private:
  void Return(int64_t bytes);

  const std::string what_;
  const int64_t bytes_;
  absl::Mutex mutex_;
  int64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  prometheus::Gauge* gauge_ = nullptr;
};

}  // namespace imprint
