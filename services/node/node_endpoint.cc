#include "services/node/node_endpoint.h"

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "services/node/look_interval.h"
#include "services/server/call.h"
#include "services/server/patience.h"

namespace imprint::node {
namespace {

constexpr absl::Duration kHeartbeat = absl::Seconds(1);

}  // namespace

grpc::Status NodeEndpoint::Watch(grpc::ServerContext* context,
                                 const v1::WatchNodeRequest* /*request*/,
                                 grpc::ServerWriter<v1::NodeStatus>* writer) {
  return Answer(*context, [&]() -> absl::Status {
    while (true) {
      const int64_t seen = runs_.changes().count();
      if (!WritePatiently(*context, *writer, board_.Status()))
        return absl::CancelledError("the caller has gone");
      const absl::Time beat = absl::Now() + kHeartbeat;
      while (runs_.changes().count() == seen && absl::Now() < beat) {
        if (context->IsCancelled()) return absl::CancelledError("the caller has gone");
        runs_.changes().Wait(seen, std::min(beat, absl::Now() + kLookInterval));
      }
      if (runs_.closed()) return absl::OkStatus();
    }
  });
}

}  // namespace imprint::node
