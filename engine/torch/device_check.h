// Chooses a device among those that LibTorch can use. This header needs no LibTorch.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "engine/devices/compute_device.h"
#include "engine/devices/device_facts.h"

namespace imprint {

// Checks that LibTorch can use the device. For a GPU, opens LibTorch's CUDA part and computes
// something small. FAILED_PRECONDITION with the reason if LibTorch cannot.
absl::Status CheckDevice(const ComputeDevice& device);

struct ChosenDevice {
  DeviceFacts facts;
  // Why "auto" did not take the GPU that is there; empty if it did, or if there is none.
  std::string warning;
};

// Does what FindDevice does, but returns a device that LibTorch can use: "auto" is the first GPU
// only if it passes CheckDevice. Fails with the errors of both.
absl::StatusOr<ChosenDevice> ChooseDevice(absl::string_view field, absl::string_view name);

}  // namespace imprint
