// What an agent and its child both ask of a rank's place in a gang.
#pragma once

#include "absl/status/status.h"
#include <imprint/v1/node.pb.h>

namespace imprint::node {

// INVALID_ARGUMENT naming run.rank or gang's field.
absl::Status CheckGang(const v1::GangPlace& gang, int rank);

}  // namespace imprint::node
