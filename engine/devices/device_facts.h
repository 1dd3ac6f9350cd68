// The devices that this machine can compute with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "engine/devices/cuda_driver.h"
#include "orders/compute_device.h"
#include "orders/precision.h"

namespace imprint::engine {

struct DeviceFacts {
  ComputeDevice device;
  std::string model;  // "AMD EPYC 7763 64-Core Processor"
  int64_t memory_bytes;
  // The precisions that it multiplies natively, fastest first: the first is what "auto" means.
  std::vector<Precision> precisions;
};

// Lists the processor, and then the GPUs. `driver` is for tests.
std::vector<DeviceFacts> ListDevices(const std::string& driver = kCudaDriver);

// Returns the device of that name; "auto" is the first GPU, or else the processor. INVALID_ARGUMENT
// naming `field` for what is not a device's name; FAILED_PRECONDITION, with the driver's reason,
// for a GPU that is not there.
absl::StatusOr<DeviceFacts> FindDevice(absl::string_view field, absl::string_view name,
                                       const std::string& driver = kCudaDriver);

}  // namespace imprint::engine
