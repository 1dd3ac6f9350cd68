// A gRPC server with what all of ours share: health, reflection, keepalive, limits, call metrics.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <grpcpp/server.h>

#include "services/server/calls_in_flight.h"
#include "services/server/metrics.h"
#include "services/server/server_flags.h"

namespace imprint {

// Thread-safe.
class Server {
 public:
  // Listens, but is not ready yet. Accepts no message larger than `most_bytes`, and no compressed
  // one. Returns UNAVAILABLE naming the flag whose address cannot be bound. `services` and
  // `metrics` must outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerFlags& flags,
                                                       const std::vector<grpc::Service*>& services,
                                                       int most_bytes, Metrics& metrics);

  // The addresses that were bound, such as "127.0.0.1:50051"; health_address is empty if there is
  // none.
  const std::string& address() const { return address_; }
  const std::string& health_address() const { return health_address_; }

  // Returns RESOURCE_EXHAUSTED if the maximum number of calls is in flight.
  absl::Status HasThreads();

  // Sets what health checks answer from now on: SERVING or NOT_SERVING.
  void SetReady(bool ready);

  // Waits until `deadline` for the calls of its services to end, then accepts no more, and after a
  // second cancels what is still running. Returns once no call is running.
  void Shutdown(absl::Time deadline);

 private:
  Server() = default;

  int max_calls_ = 0;
  std::unique_ptr<CallsInFlight> in_flight_ = std::make_unique<CallsInFlight>();
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::Server> health_;
  std::string address_;
  std::string health_address_;
};

}  // namespace imprint
