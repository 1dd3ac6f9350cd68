// Implements TrainerService.Attach and SamplerService.Attach, which stream the same events.
#pragma once

#include <cstdint>

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/node.pb.h>

#include "services/node/run_table.h"

namespace imprint::node {

// Streams the run's events from a number on, then live, until after the last one. Ends early with
// CANCELLED when the caller has gone and with UNAVAILABLE when the table is closed. Returns
// INVALID_ARGUMENT naming run or from_event, or NOT_FOUND if the node does not know the run.
grpc::Status StreamRun(RunTable& runs, const v1::RunKey& key, int64_t from_event,
                       grpc::ServerContext& context, grpc::ServerWriter<v1::RunEvent>& writer);

}  // namespace imprint::node
