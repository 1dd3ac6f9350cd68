// A GPU's memory as this process uses it. This header needs no LibTorch.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "engine/devices/compute_device.h"

namespace imprint {

// From then on, allocations beyond that many MiB fail as if the GPU had no more; 0 is no limit.
// INVALID_ARGUMENT naming device-memory-mb for a processor or a negative number; errors of
// OpenCudaPlugin.
absl::Status LimitDeviceMemory(const ComputeDevice& device, int mebibytes);

// The most bytes that tensors have taken on a GPU since the last call; 0 for a processor. Errors of
// OpenCudaPlugin.
absl::StatusOr<int64_t> TakePeakDeviceMemory(const ComputeDevice& device);

}  // namespace imprint
