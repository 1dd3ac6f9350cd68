// Opens the plug-in that knows CUDA.
#pragma once

#include "absl/status/statusor.h"

#include "orders/compute_device.h"

namespace imprint::engine {

struct CudaPlugin;

// Opens libimprint_cuda.so beside this program, once, for a GPU that LibTorch can use. Fails with
// the errors of TorchDevice, or with FAILED_PRECONDITION naming the plug-in if there is none or it
// is of another build. Thread-safe.
absl::StatusOr<const CudaPlugin*> OpenCudaPlugin(const ComputeDevice& device);

}  // namespace imprint::engine
