// The check that both an agent and its child make of a rank's place in a gang.
#pragma once

#include "absl/status/status.h"
#include <imprint/v1/node.pb.h>

namespace imprint::node {

// Returns INVALID_ARGUMENT naming run.rank or the field of `gang` that is wrong.
absl::Status CheckGang(const v1::GangPlace& gang, int rank);

}  // namespace imprint::node
