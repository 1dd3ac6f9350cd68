// This process's use of a GPU's memory. This header needs no LibTorch.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "orders/compute_device.h"

namespace imprint::engine {

// Returns the most bytes that tensors have taken on a GPU since the last call; 0 for a processor.
// Fails with the errors of OpenCudaPlugin.
absl::StatusOr<int64_t> TakePeakDeviceMemory(const ComputeDevice& device);

}  // namespace imprint::engine
