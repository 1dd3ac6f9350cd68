// Recording graphs on this machine's GPUs. This header needs no LibTorch.
#pragma once

#include "absl/status/statusor.h"

#include "engine/cuda/device_graph.h"
#include "engine/devices/compute_device.h"

namespace imprint {

// INVALID_ARGUMENT naming cuda-graph for a processor; errors of OpenCudaPlugin.
absl::StatusOr<RecordGraph> GraphRecorder(const ComputeDevice& device);

}  // namespace imprint
