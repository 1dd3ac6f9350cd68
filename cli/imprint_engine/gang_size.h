// What a training's number of ranks asks of this machine.
#pragma once

#include "absl/status/status.h"
#include "cli/imprint_engine/training_record.h"

namespace imprint::cli {

// Threads of each rank: the processors, divided.
int ThreadsOfRank(int ranks);

// Whether every rank has a sample of a step, and a GPU of its own if the training is on GPUs.
// INVALID_ARGUMENT naming ranks, FAILED_PRECONDITION.
absl::Status CheckGang(const TeachOrder& order);

}  // namespace imprint::cli
