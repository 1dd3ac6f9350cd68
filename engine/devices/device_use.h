// Options that only a GPU supports.
#pragma once

#include <string>

#include "absl/status/status.h"

#include "engine/devices/compute_device.h"

namespace imprint {

struct DeviceUse {
  // MiB of its memory that tensors may take; 0 means all of it.
  int memory_mb = 0;
  // Whether to start each batch's kernels as one recorded graph.
  bool cuda_graph = false;
};

// Returns INVALID_ARGUMENT naming `prefix`device-memory-mb or cuda-graph if the memory is negative,
// or if the device is a processor and is asked for either.
absl::Status CheckDeviceUse(const ComputeDevice& device, const DeviceUse& use,
                            const std::string& prefix = "");

}  // namespace imprint
