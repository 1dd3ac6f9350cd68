#include "engine/cuda/device_memory.h"

#include "base/status_macros.h"
#include "engine/cuda/cuda_plugin.h"
#include "engine/cuda/open_plugin.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {

absl::StatusOr<int64_t> TakePeakDeviceMemory(const ComputeDevice& device) {
  if (device.kind == DeviceKind::kCpu) return 0;
  ASSIGN_OR_RETURN(const CudaPlugin* plugin, OpenCudaPlugin(device));
  return CatchTorchErrors(
      [&]() -> absl::StatusOr<int64_t> { return plugin->take_peak_memory(device.index); });
}

}  // namespace imprint::engine
