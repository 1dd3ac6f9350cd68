// What a server takes of callers before any handler runs. Private to services/server.
#pragma once

#include <cstdint>
#include <memory>

#include <grpcpp/support/server_interceptor.h>

#include "services/server/metrics.h"

namespace imprint {

struct CallLimits {
  // Calls of our own services at once: the threads that are left answer health, and say no.
  int calls = 480;
  // Of these, streams: each holds a thread for long, and the others need some.
  int streams = 384;
  // Memory that requests in flight may take once they are parsed; those of less than 64 KiB do not
  // count. A message of many small parts takes some 25 times its bytes on the wire.
  int64_t request_bytes = 128 << 20;
};

// Answers calls beyond the limits with RESOURCE_EXHAUSTED and RetryInfo, through Answer of
// services/server/call.h, and parses two requests at a time. Streams of reflection, of which there
// are 8 at once, are ended after the patience of services/server/patience.h, and so are calls
// whose answer the caller does not take. Shows imprint_open and imprint_open_limit of "calls" and
// "streams", and imprint_memory_taken_bytes{what="requests"}. `metrics` must outlive the server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallGuard(
    const CallLimits& limits, Metrics& metrics);

}  // namespace imprint
