// Which numbers nodes compute in.
#pragma once

#include <string>
#include <vector>

#include <imprint/v1/node.pb.h>

#include "gateway/peers/node_table.h"

namespace imprint::gateway {

// "bf16", "fp32": of its devices, in their order. Nodes of before there was a choice have fp32.
std::vector<std::string> PrecisionsOf(const v1::NodeStatus& node);

// What "auto" is for new work of that kind: of what living nodes prefer that do not drain, that of
// at least half of their slots; fp32 where there are none.
std::string AutomaticPrecision(const std::vector<KnownNode>& nodes, v1::NodeKind kind);

}  // namespace imprint::gateway
