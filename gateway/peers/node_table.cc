#include "gateway/peers/node_table.h"

#include <algorithm>
#include <utility>

#include <google/protobuf/util/message_differencer.h>

namespace imprint::gateway {
namespace {

constexpr int kForgottenAfterTimeouts = 10;

}  // namespace

bool SameRun(const v1::RunKey& a, const v1::RunKey& b) {
  return a.job() == b.job() && a.chunk() == b.chunk() && a.attempt() == b.attempt() &&
         a.rank() == b.rank();
}

bool KnownNode::Has(const v1::RunKey& run) const {
  return std::any_of(status.runs().begin(), status.runs().end(),
                     [&](const v1::RunKey& has) { return SameRun(has, run); });
}

bool NodeTable::Heard(const std::string& address, const v1::NodeStatus& status) {
  const absl::Time now = now_();
  const absl::MutexLock lock(&mutex_);
  KnownNode& node = nodes_[status.node()];
  // A node that is heard again after its time-out is a change even if it says what it said before.
  const bool known = node.heard != absl::Time() && Judged(node, now).alive;
  v1::NodeStatus before = node.status;
  v1::NodeStatus after = status;
  // Its memory differs in every heartbeat, and nothing is scheduled by it.
  before.clear_memory_bytes();
  after.clear_memory_bytes();
  const bool changed = !known || !google::protobuf::util::MessageDifferencer::Equals(before, after);
  node.status = status;
  node.address = address;
  node.heard = now;
  return changed;
}

void NodeTable::SetDraining(const std::string& node) {
  const absl::MutexLock lock(&mutex_);
  if (const auto found = nodes_.find(node); found != nodes_.end()) {
    found->second.status.set_draining(true);
  }
}

KnownNode NodeTable::Judged(KnownNode node, absl::Time now) const {
  node.alive = now - node.heard < timeout_;
  return node;
}

std::vector<KnownNode> NodeTable::Nodes() {
  const absl::Time now = now_();
  const absl::MutexLock lock(&mutex_);
  std::vector<KnownNode> nodes;
  for (auto entry = nodes_.begin(); entry != nodes_.end();) {
    if (now - entry->second.heard > kForgottenAfterTimeouts * timeout_) {
      entry = nodes_.erase(entry);
      continue;
    }
    nodes.push_back(Judged(entry->second, now));
    ++entry;
  }
  return nodes;
}

std::optional<KnownNode> NodeTable::Find(const std::string& node) {
  const absl::Time now = now_();
  const absl::MutexLock lock(&mutex_);
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return std::nullopt;
  return Judged(found->second, now);
}

}  // namespace imprint::gateway
