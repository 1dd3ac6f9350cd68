// Implements NodeService, which streams the node's heartbeat.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/node.grpc.pb.h>

#include "services/node/node_board.h"
#include "services/node/run_table.h"

namespace imprint::node {

class NodeEndpoint : public v1::NodeService::Service {
 public:
  // Both must outlive it.
  NodeEndpoint(const NodeBoard& board, RunTable& runs) : board_(board), runs_(runs) {}

  // Streams until the caller has gone or the table is closed.
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchNodeRequest* request,
                     grpc::ServerWriter<v1::NodeStatus>* writer) override;

 private:
  const NodeBoard& board_;
  RunTable& runs_;
};

}  // namespace imprint::node
