// Chooses a device among those that LibTorch can use. This header needs no LibTorch.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "engine/devices/device_facts.h"
#include "orders/compute_device.h"

namespace imprint::engine {

// Checks that LibTorch can use the device. For a GPU, opens LibTorch's CUDA part and computes
// something small. FAILED_PRECONDITION with the reason if LibTorch cannot.
absl::Status CheckDevice(const ComputeDevice& device);

struct ChosenDevice {
  DeviceFacts facts;
  // Why "auto" did not take the GPU that is there; empty if it did, or if there is none.
  std::string warning;
};

// Returns the facts of a device that LibTorch can use: the one that is wanted, or, if none is, the
// first GPU if it passes CheckDevice, else the processor. Fails with the errors of CheckDevice and
// FindDevice, naming device.
absl::StatusOr<ChosenDevice> ChooseDevice(const std::optional<ComputeDevice>& wanted);

}  // namespace imprint::engine
