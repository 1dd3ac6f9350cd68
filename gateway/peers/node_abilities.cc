#include "gateway/peers/node_abilities.h"

#include <algorithm>
#include <functional>
#include <map>

#include "orders/precision.h"

namespace imprint::gateway {
namespace {

bool TakesWork(const KnownNode& node, v1::NodeKind kind) {
  return node.alive && !node.status.draining() && node.status.kind() == kind;
}

}  // namespace

std::vector<std::string> PrecisionsOf(const v1::NodeStatus& node) {
  std::vector<std::string> precisions;
  for (const v1::Device& device : node.devices()) {
    for (const std::string& name : device.precisions()) {
      if (std::find(precisions.begin(), precisions.end(), name) == precisions.end()) {
        precisions.push_back(name);
      }
    }
  }
  if (precisions.empty()) precisions.emplace_back(Name(Precision::kFp32));
  return precisions;
}

std::string AutomaticPrecision(const std::vector<KnownNode>& nodes, v1::NodeKind kind) {
  int slots = 0;
  std::map<std::string, int> preferring;
  for (const KnownNode& node : nodes) {
    if (!TakesWork(node, kind)) continue;
    slots += node.status.slots();
    preferring[PrecisionsOf(node.status).front()] += node.status.slots();
  }
  const std::string fp32(Name(Precision::kFp32));
  std::string best = fp32;
  for (const auto& [name, count] : preferring) {
    // A precision that this gateway does not know is for newer ones.
    const bool known = ParsePrecision("precision", name).ok();
    if (name != fp32 && known && count > 0 && 2 * count >= slots) best = name;
  }
  return best;
}

int AutomaticBatch(const std::vector<KnownNode>& nodes, const std::string& precision) {
  int slots = 0;
  std::map<int, int, std::greater<>> slots_of;  // by their batch, the largest first
  for (const KnownNode& node : nodes) {
    const std::vector<std::string> precisions = PrecisionsOf(node.status);
    const bool says = node.status.batch() > 0 && node.status.slots() > 0;
    if (!TakesWork(node, v1::NODE_KIND_SAMPLER) || !says ||
        std::find(precisions.begin(), precisions.end(), precision) == precisions.end()) {
      continue;
    }
    slots += node.status.slots();
    slots_of[node.status.batch()] += node.status.slots();
  }
  int with_as_many = 0;
  for (const auto& [batch, count] : slots_of) {
    with_as_many += count;
    if (4 * with_as_many >= 3 * slots) return batch;
  }
  return 0;
}

}  // namespace imprint::gateway
