// What nodes can compute, and what is chosen for work that leaves it open.
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

// Returns how many pictures new work of that precision draws at once: the most that at least three
// quarters of the slots allow of the samplers that are alive, do not drain and compute in it; 0 if
// none of them says. Slots that allow fewer do not take that work, hence so large a majority.
int AutomaticBatch(const std::vector<KnownNode>& nodes, const std::string& precision);

}  // namespace imprint::gateway
