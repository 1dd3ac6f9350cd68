// Whether LibTorch can compute on a device. This header needs no LibTorch.
#pragma once

#include "absl/status/status.h"

#include "engine/devices/compute_device.h"

namespace imprint {

// FAILED_PRECONDITION with the reason if it cannot. For a GPU, opens LibTorch's CUDA part.
absl::Status CheckDevice(const ComputeDevice& device);

}  // namespace imprint
