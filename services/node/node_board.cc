#include "services/node/node_board.h"

#include <array>
#include <unistd.h>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/resource_name.h"

namespace imprint::node {

NodeBoard::NodeBoard(v1::NodeKind kind, const RunTable& runs,
                     std::function<void(v1::NodeStatus&)> measure)
    : kind_(kind), instance_(NewResourceId()), runs_(runs), measure_(std::move(measure)) {}

void NodeBoard::SetNode(std::string node) {
  const absl::MutexLock lock(&mutex_);
  node_ = std::move(node);
}

v1::NodeStatus NodeBoard::Status() const {
  v1::NodeStatus status;
  {
    const absl::MutexLock lock(&mutex_);
    status.set_node(node_);
  }
  status.set_instance(instance_);
  status.set_kind(kind_);
  status.set_version(IMPRINT_VERSION);
  const RunTable::Snapshot runs = runs_.snapshot();
  status.set_slots(runs.slots);
  status.set_free_slots(runs.free_slots);
  status.set_draining(runs.draining);
  for (const RunId& id : runs.runs) *status.add_runs() = ToProto(id);
  measure_(status);
  return status;
}

std::string DefaultNodeName(const std::string& address) {
  const size_t colon = address.rfind(':');
  const std::string port = colon == std::string::npos ? "" : address.substr(colon);
  if (!absl::StartsWith(address, "0.0.0.0:") && !absl::StartsWith(address, "[::]:")) {
    return address;
  }
  std::array<char, 256> host = {};
  if (gethostname(host.data(), host.size() - 1) != 0) return address;
  return absl::StrCat(host.data(), port);
}

}  // namespace imprint::node
