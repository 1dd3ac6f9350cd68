// A device as LibTorch knows it.
#pragma once

#include "absl/status/statusor.h"
#include <ATen/ATen.h>

#include "engine/devices/compute_device.h"

namespace imprint {

// For a GPU, opens LibTorch's CUDA part, which no program here links: one build serves machines
// with and without. The first time takes seconds; from then on kernels of this process are the ones
// that give equal results from run to run, and fp32 is fp32, not TF32. FAILED_PRECONDITION with the
// reason if LibTorch came without CUDA, or cannot use the GPU. Thread-safe.
absl::StatusOr<at::Device> TorchDevice(const ComputeDevice& device);

}  // namespace imprint
