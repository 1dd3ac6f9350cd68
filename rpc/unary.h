// Calls a method as one calls a function.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include "rpc/client_call.h"
#include "rpc/status.h"

namespace imprint {

// Returns the answer, or the error with its details:
//   CallUnary(*stub, &v1::JobService::Stub::GetJob, request, absl::Seconds(5))
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> CallUnary(Stub& stub,
                                   grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                                   const Request& request, absl::Duration timeout) {
  ClientCall call({.timeout = timeout});
  Response response;
  const grpc::Status status = (stub.*method)(&call.context(), request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

}  // namespace imprint
