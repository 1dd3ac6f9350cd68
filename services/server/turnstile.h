// Lets so many in at once, and of one peer only a part of them; the others are told when to come
// again.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <grpcpp/server_context.h>

#include "services/server/metrics.h"

namespace imprint {

// Who calls: its address without the port, "ipv4:10.0.0.7". Callers behind one address are one.
std::string PeerOf(const grpc::ServerContextBase& context);

// Thread-safe. Must outlive its passes.
class Turnstile {
 public:
  // `what` goes in: "uploads". No peer has more than `of_one` of the `limit`.
  Turnstile(std::string what, int limit, int of_one)
      : what_(std::move(what)), limit_(limit), of_one_(of_one) {}

  // Shows imprint_open{what} and imprint_open_limit{what}; `metrics` must outlive it.
  void Show(Metrics& metrics);

  // In until it is destroyed.
  class Pass {
   public:
    Pass(Pass&& other) noexcept
        : turnstile_(std::exchange(other.turnstile_, nullptr)), peer_(std::move(other.peer_)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (turnstile_ != nullptr) turnstile_->Leave(peer_);
    }

   private:
    friend class Turnstile;
    Pass(Turnstile* turnstile, std::string peer) : turnstile_(turnstile), peer_(std::move(peer)) {}

    Turnstile* turnstile_;
    std::string peer_;
  };

  // RESOURCE_EXHAUSTED with RetryInfo if all are in, or as many of this peer as may be.
  absl::StatusOr<Pass> Enter(const std::string& peer);

 private:
  void Leave(const std::string& peer);

  const std::string what_;
  const int limit_;
  const int of_one_;
  absl::Mutex mutex_;
  int inside_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int> peers_ ABSL_GUARDED_BY(mutex_);
  prometheus::Gauge* gauge_ = nullptr;
};

}  // namespace imprint
