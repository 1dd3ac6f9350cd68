// Limits concurrency, in all and per peer; callers beyond the limit are told when to retry.
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

// Returns the caller's address without the port, "ipv4:10.0.0.7". Callers behind one address count
// as one.
std::string PeerOf(const grpc::ServerContextBase& context);

// Thread-safe. Must outlive its passes.
class Turnstile {
 public:
  // `what` names what is limited: "uploads". No peer has more than `of_one` of the `limit`.
  Turnstile(std::string what, int limit, int of_one)
      : what_(std::move(what)), limit_(limit), of_one_(of_one) {}

  // Exports imprint_open{what} and imprint_open_limit{what}; `metrics` must outlive the turnstile.
  void Show(Metrics& metrics);

  // Holds one place until it is destroyed.
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

  // Takes a place. Returns RESOURCE_EXHAUSTED with RetryInfo if all places are taken, or as many by
  // this peer as it may have.
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
