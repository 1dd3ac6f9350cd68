// What the gateway knows about its nodes, from their heartbeats.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>

namespace imprint::gateway {

struct KnownNode {
  v1::NodeStatus status;
  std::string address;
  absl::Time heard;    // time of the last heartbeat
  bool alive = false;  // the last heartbeat is within the time-out

  bool Has(const v1::RunKey& run) const;
};

bool SameRun(const v1::RunKey& a, const v1::RunKey& b);

// Thread-safe.
class NodeTable {
 public:
  // `now` is a clock; a node without a heartbeat for `timeout` is not alive.
  NodeTable(std::function<absl::Time()> now, absl::Duration timeout)
      : now_(std::move(now)), timeout_(timeout) {}

  // Takes a heartbeat. Returns true if something changed that scheduling depends on.
  bool Heard(const std::string& address, const v1::NodeStatus& status);

  // Notes that a run ended because its node is draining, ahead of the heartbeat that says so.
  void SetDraining(const std::string& node);

  // Returns the nodes by name. Nodes without a heartbeat for ten time-outs are forgotten.
  std::vector<KnownNode> Nodes();
  std::optional<KnownNode> Find(const std::string& node);

 private:
  KnownNode Judged(KnownNode node, absl::Time now) const;

  std::function<absl::Time()> now_;
  absl::Duration timeout_;
  absl::Mutex mutex_;
  std::map<std::string, KnownNode> nodes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint::gateway
