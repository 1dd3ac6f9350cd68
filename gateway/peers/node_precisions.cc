#include "gateway/peers/node_precisions.h"

#include <algorithm>
#include <map>

#include "orders/precision.h"

namespace imprint::gateway {

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
    if (!node.alive || node.status.draining() || node.status.kind() != kind) continue;
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

}  // namespace imprint::gateway
