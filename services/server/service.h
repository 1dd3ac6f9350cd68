// A server process from its command line to its exit code: flags, log, metrics, health, reflection,
// keepalive, drain on SIGTERM. What a service is of its own, it says by overriding.
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

  // Options of its own; they are parsed before Open.
  virtual void AddFlags(CLI::App& app) = 0;

  // Opens what it needs, before the server listens. An error ends the process with it.
  virtual absl::Status Open(Metrics& metrics) = 0;

  // The largest message that it takes.
  virtual int MaxRequestBytes() const { return kMaxRequestBytes; }

  // What it serves. Called after Open; what is pointed to lives as long as the service.
  virtual std::vector<grpc::Service*> Endpoints() = 0;

  // The server listens at `address` ("127.0.0.1:50051") and is about to be ready. For background
  // work that needs to know. An error ends the process.
  virtual absl::Status Serving(const std::string& address) {
    (void)address;
    return absl::OkStatus();
  }

  // Whether it can serve just now: asked every few seconds, and what health checks answer.
  virtual absl::Status CanServe() { return absl::OkStatus(); }

  // SIGTERM or Ctrl-C: the server no longer says that it serves. Finish or checkpoint until
  // `deadline`; calls are still answered meanwhile, and those that run get what is left of the time
  // to end. Streams that have no end of their own must end when this returns.
  virtual void Drain(absl::Time deadline) { (void)deadline; }

  // No call is running any more: stop background work. Not called if Open failed.
  virtual void Close() {}
};

// Runs the process; the result is main's. Exit codes: 0 after a drain, 2 for bad flags, 1 for an
// error. A second signal ends the process at once.
int RunService(int argc, char** argv, const std::string& name, const std::string& about,
               Service& service);

}  // namespace imprint
