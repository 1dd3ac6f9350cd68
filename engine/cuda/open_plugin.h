// Opening the plug-in that knows CUDA.
#pragma once

#include "absl/status/statusor.h"

#include "engine/devices/compute_device.h"

namespace imprint {

struct CudaPlugin;

// libimprint_cuda.so beside this program, opened once, for a GPU that LibTorch can use. Errors of
// TorchDevice; FAILED_PRECONDITION naming the plug-in if there is none, or if it does not suit.
// Thread-safe.
absl::StatusOr<const CudaPlugin*> OpenCudaPlugin(const ComputeDevice& device);

}  // namespace imprint
