// The status that a node reports about itself.
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
  // called from several threads. Whoever notices a change there calls runs.changes().Notify().
  NodeBoard(v1::NodeKind kind, const RunTable& runs, std::function<void(v1::NodeStatus&)> measure);

  // Sets the node's name, which is empty until then.
  void SetNode(std::string node);

  // Returns the complete status as of now.
  v1::NodeStatus Status() const;

 private:
  const v1::NodeKind kind_;
  // Differs at every start of the process.
  const std::string instance_;
  const RunTable& runs_;
  const std::function<void(v1::NodeStatus&)> measure_;
  mutable absl::Mutex mutex_;
  std::string node_ ABSL_GUARDED_BY(mutex_);
};

// Returns the name of a node that was not given one: the address that it listens on, with the
// machine's host name in place of a wildcard.
std::string DefaultNodeName(const std::string& address);

}  // namespace imprint::node
