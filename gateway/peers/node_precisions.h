// The precisions that nodes compute in.
#pragma once

#include <string>
#include <vector>

#include <imprint/v1/node.pb.h>

#include "gateway/peers/node_table.h"

namespace imprint::gateway {

// Returns the precisions of the node's devices, such as "bf16" and "fp32", in their order. Nodes
// from before there was a choice have fp32.
std::vector<std::string> PrecisionsOf(const v1::NodeStatus& node);

// Returns what "auto" stands for in work of that kind that begins now: the precision preferred by
// nodes that have at least half of the slots of all living nodes that are not draining; fp32 if
// there is none.
std::string AutomaticPrecision(const std::vector<KnownNode>& nodes, v1::NodeKind kind);

}  // namespace imprint::gateway
