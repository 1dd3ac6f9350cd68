// Prepares a device before a process computes on it. This header needs no LibTorch.
#pragma once

#include "absl/status/statusor.h"

#include "engine/cuda/device_graph.h"
#include "orders/compute_options.h"

namespace imprint::engine {

// Limits what this process may take of a GPU's memory from then on, beyond which allocations fail
// as if the GPU had no more. Returns what records graphs there, or null if none are wanted. Fails
// with the errors of CheckCompute and OpenCudaPlugin.
absl::StatusOr<RecordGraph> PrepareDevice(const ComputeOptions& compute);

}  // namespace imprint::engine
