// A device as LibTorch knows it.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

#include "engine/devices/compute_device.h"

namespace imprint {

// For a GPU, opens LibTorch's CUDA part, which no program here links: one build serves machines
// with and without. The first time takes seconds, sets environment variables, and so belongs before
// other threads; from then on LibTorch refuses kernels that give other results from run to run, and
// fp32 is fp32, not TF32. FAILED_PRECONDITION naming the device, with the reason, if LibTorch came
// without CUDA, or does not see the GPU.
absl::StatusOr<at::Device> TorchDevice(const ComputeDevice& device);

// FAILED_PRECONDITION that names the device and why LibTorch cannot use it.
absl::Status UnusableDevice(const ComputeDevice& device, absl::string_view why);

}  // namespace imprint
