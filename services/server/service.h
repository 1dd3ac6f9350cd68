// A server process, from its command line to its exit code: flags, log, metrics, health,
// reflection, keepalive, drain on SIGTERM. A service overrides what is its own.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include <CLI/CLI.hpp>
#include <grpcpp/impl/codegen/service_type.h>

#include "rpc/channel.h"
#include "services/server/metrics.h"

namespace imprint {

class Service {
 public:
  virtual ~Service() = default;

  // Adds the service's own options, which are parsed before Open.
  virtual void AddFlags(CLI::App& app) = 0;

  // Opens what the service needs, before the server listens. An error ends the process.
  virtual absl::Status Open(Metrics& metrics) = 0;

  // Returns the largest message that the service accepts.
  virtual int MaxRequestBytes() const { return kMaxRequestBytes; }

  // Returns the gRPC services to serve. Called after Open; what is pointed to lives as long as the
  // service.
  virtual std::vector<grpc::Service*> Endpoints() = 0;

  // Called when the server listens at `address` ("127.0.0.1:50051") and is about to be ready, for
  // background work that needs to know. An error ends the process.
  virtual absl::Status Serving(const std::string& address) {
    (void)address;
    return absl::OkStatus();
  }

  // Returns whether the service can serve just now. Called every few seconds; health checks answer
  // with it.
  virtual absl::Status CanServe() { return absl::OkStatus(); }

  // Called on SIGTERM or Ctrl-C, once health checks answer NOT_SERVING. Finish or checkpoint until
  // `deadline`; calls are still answered meanwhile, and those in flight get the rest of that time
  // to end. Streams that have no end of their own must end when this returns.
  virtual void Drain(absl::Time deadline) { (void)deadline; }

  // Called when no call is in flight any more, to stop background work. Not called if Open failed.
  virtual void Close() {}
};

// Runs the process and returns main's exit code: 0 after a drain, 2 for bad flags, 1 for an error.
// A second signal ends the process at once.
int RunService(int argc, char** argv, const std::string& name, const std::string& about,
               Service& service);

}  // namespace imprint
