// What a node says of itself.
#pragma once

#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include <imprint/v1/node.pb.h>

#include "services/node/run_table.h"

namespace imprint::node {

// Thread-safe.
class NodeBoard {
 public:
  // `measure` adds what changes and the table does not know: devices, warm models, memory. It is
  // called by several threads. Whoever knows of a change calls runs.changes().Notify().
  NodeBoard(v1::NodeKind kind, const RunTable& runs, std::function<void(v1::NodeStatus&)> measure);

  // The node's name; empty until then.
  void SetNode(std::string node);

  // Everything, as of now.
  v1::NodeStatus Status() const;

 private:
  const v1::NodeKind kind_;
  // Another one with every start of the process.
  const std::string instance_;
  const RunTable& runs_;
  const std::function<void(v1::NodeStatus&)> measure_;
  mutable absl::Mutex mutex_;
  std::string node_ ABSL_GUARDED_BY(mutex_);
};

// The name of a node that was given none: the address where it listens, with the machine's name
// where that is a wildcard.
std::string DefaultNodeName(const std::string& address);

}  // namespace imprint::node
