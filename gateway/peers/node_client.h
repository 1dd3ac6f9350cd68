// A client of a node, whether it trains or draws: start a run, follow it, stop it.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include <imprint/v1/node.pb.h>
#include <imprint/v1/sampler.pb.h>
#include <imprint/v1/trainer.pb.h>

namespace imprint::gateway {

// Thread-safe. Errors are the node's own, or UNAVAILABLE.
class NodeClient {
 public:
  // Returns OK to go on, or an error to end the stream.
  using OnEvent = std::function<absl::Status(const v1::RunEvent&)>;

  static std::unique_ptr<NodeClient> Open(v1::NodeKind kind, const std::string& address);
  virtual ~NodeClient() = default;

  // Starts a run. A node implements one of the two, by its kind; the other returns UNIMPLEMENTED.
  virtual absl::Status Start(const v1::StartTrainingRequest& request);
  virtual absl::Status Start(const v1::StartSamplingRequest& request);

  // Follows a run to its end. Returns OK if the stream ended normally, the error of `on_event` if
  // that ended it, and NOT_FOUND if the node does not know the run.
  virtual absl::Status Attach(const v1::RunKey& run, int64_t from_event, const OnEvent& on_event,
                              const std::stop_token& stop) = 0;

  virtual absl::Status Stop(const v1::RunKey& run, v1::StopMode mode,
                            const std::string& reason) = 0;
};

}  // namespace imprint::gateway
