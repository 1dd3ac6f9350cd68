// A gRPC server with what all of ours have: health, reflection, keepalive, limits, call metrics.
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
  // Listens; not ready yet. Takes no message that is larger than `most_bytes`, and none that is
  // compressed. UNAVAILABLE naming the flag whose address cannot be bound. `services` and `metrics`
  // must outlive it.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerFlags& flags,
                                                       const std::vector<grpc::Service*>& services,
                                                       int most_bytes, Metrics& metrics);

  // What was bound, "127.0.0.1:50051"; health_address is empty if there is none.
  const std::string& address() const { return address_; }
  const std::string& health_address() const { return health_address_; }

  // RESOURCE_EXHAUSTED if as many calls are being answered as may be at once.
  absl::Status HasThreads();

  // What health checks answer from now on: SERVING or NOT_SERVING.
  void SetReady(bool ready);

  // Waits for the calls of its services to end, until `deadline`; then takes no more, and cancels
  // after a second what still runs. Returns when none runs any more.
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
