// Checks a training's number of ranks against this machine.
#pragma once

#include "absl/status/status.h"
#include "cli/imprint_engine/training_record.h"

namespace imprint::cli {

// Returns the threads of each rank: the processors, divided.
int ThreadsOfRank(int ranks);

// Checks that every rank has a sample of each step, and a GPU of its own if the training is on
// GPUs. Returns INVALID_ARGUMENT naming ranks, or FAILED_PRECONDITION.
absl::Status CheckGang(const TeachOrder& order);

}  // namespace imprint::cli
