// The number of processors that the engine's kernels use.
#pragma once

#include "absl/status/status.h"

namespace imprint::engine {

// Sets the number of threads of every kernel in this process, once, before anything is computed. 0
// means one for each processor that this process may use, by its affinity and its control group's
// quota. INVALID_ARGUMENT if negative or over 1024. Results are bit-equal from run to run only with
// the same number.
absl::Status SetComputeThreads(int threads);

int ComputeThreads();

}  // namespace imprint::engine
