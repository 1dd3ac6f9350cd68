// Admission control: the limits that a server enforces on callers before any handler runs. Private
// to services/server.
#pragma once

#include <cstdint>
#include <memory>

#include <grpcpp/support/server_interceptor.h>

#include "services/server/metrics.h"

namespace imprint {

struct CallLimits {
  // Concurrent calls of our own services. The threads beyond it are left for health checks and
  // refusals.
  int calls = 480;
  // How many of these may be streams: each holds a thread for long, and other calls need some.
  int streams = 384;
  // Memory that requests in flight may take once they are parsed; those below 64 KiB do not count.
  // A message of many small parts takes about 25 times its size on the wire.
  int64_t request_bytes = 128 << 20;
};

// Makes an interceptor that refuses calls beyond the limits with RESOURCE_EXHAUSTED and RetryInfo,
// through Answer of services/server/call.h, and lets two requests be parsed at a time. Reflection
// streams, at most 8 at once, are ended after the patience of services/server/patience.h, and so
// are calls whose answer the caller does not read. Exports imprint_open and imprint_open_limit of
// "calls" and "streams", and imprint_memory_taken_bytes{what="requests"}. `metrics` must outlive
// the server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallGuard(
    const CallLimits& limits, Metrics& metrics);

}  // namespace imprint
