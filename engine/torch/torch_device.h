// A device as LibTorch knows it.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

#include "orders/compute_device.h"

namespace imprint::engine {

// Returns LibTorch's device. For a GPU, opens LibTorch's CUDA part, which no program here links:
// one build serves machines with and without. The first call takes seconds and sets environment
// variables, so it must come before other threads are started; from then on LibTorch refuses
// non-deterministic kernels, and fp32 is fp32, not TF32. FAILED_PRECONDITION naming the device,
// with the reason, if LibTorch came without CUDA, or does not see the GPU.
absl::StatusOr<at::Device> TorchDevice(const ComputeDevice& device);

// Waits until the device has done all that this process has given to it.
void AwaitDevice(const at::Device& device);

// Returns FAILED_PRECONDITION that names the device and why LibTorch cannot use it.
absl::Status UnusableDevice(const ComputeDevice& device, absl::string_view why);

}  // namespace imprint::engine
