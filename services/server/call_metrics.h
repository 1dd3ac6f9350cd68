// Counts and times every call of a server. Private to services/server.
#pragma once

#include <memory>

#include <grpcpp/support/server_interceptor.h>

#include "services/server/calls_in_flight.h"
#include "services/server/metrics.h"

namespace imprint {

// Makes an interceptor that exports imprint_rpc_handled_total{method, code},
// imprint_rpc_in_flight{method} and, for calls that are not streams, imprint_rpc_seconds{method}.
// `in_flight` counts the calls of our own services alone, since a watch of the health service never
// ends. Both arguments must outlive the server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallMetrics(
    Metrics& metrics, CallsInFlight& in_flight);

}  // namespace imprint
