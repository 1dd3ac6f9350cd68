// The commands' client of the gateway: calls survive its restart and end with Ctrl-C.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>
#include <imprint/v1/job.grpc.pb.h>
#include <imprint/v1/registry.grpc.pb.h>

#include "rpc/retry.h"

namespace imprint::cli {

using JobCalls = v1::JobService::StubInterface;
using RegistryCalls = v1::RegistryService::StubInterface;

// Thread-safe. Every call is retried while the gateway cannot be reached, for as long as `patience`
// lasts, so all requests of a command must be safe to send twice. Calls return CANCELLED once
// `stop` is requested.
class Gateway {
 public:
  Gateway(std::string address, std::stop_token stop, absl::Duration patience = absl::Seconds(10));

  // gateway.Call(&JobCalls::GetJob, request)
  template <typename Calls, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Calls::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                                const Request& request,
                                absl::Duration timeout = absl::Seconds(30)) {
    Response response;
    const absl::Status status = Try(timeout, [&](grpc::ClientContext& context) {
      return (Stub(static_cast<Calls*>(nullptr)).*method)(&context, request, &response);
    });
    if (!status.ok()) return status;
    return response;
  }

  // Like Call, for calls that are not unary: `attempt` makes the call in the context that it is
  // given.
  using Attempt = std::function<grpc::Status(grpc::ClientContext&)>;
  absl::Status Try(absl::Duration timeout, const Attempt& attempt);

  // Waits; returns false if a stop was requested meanwhile.
  bool Wait(absl::Duration duration) const;

  // Rewords an error for people: where the gateway should be, or that its registry is gone; when to
  // retry.
  absl::Status Explained(const absl::Status& status) const;

  JobCalls& jobs() { return *jobs_; }
  RegistryCalls& registry() { return *registry_; }
  const std::stop_token& stop() const { return stop_; }
  const std::string& address() const { return address_; }

 private:
  JobCalls& Stub(const JobCalls*) { return *jobs_; }
  RegistryCalls& Stub(const RegistryCalls*) { return *registry_; }

  const std::string address_;
  const std::stop_token stop_;
  const absl::Duration patience_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<JobCalls> jobs_;
  std::unique_ptr<RegistryCalls> registry_;
};

// Waits; returns false if a stop was requested meanwhile. Thread-safe.
bool WaitUnlessStopped(const std::stop_token& stop, absl::Duration duration);

// Between tries to reach the gateway: somebody waits at the terminal.
inline constexpr Backoff kCallBackoff(absl::Milliseconds(100), absl::Seconds(1));

// Returns an id for a request that may be sent again; it is new at each call.
std::string NewRequestId();

}  // namespace imprint::cli
