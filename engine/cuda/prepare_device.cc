#include "engine/cuda/prepare_device.h"

#include "base/status_macros.h"
#include "engine/cuda/cuda_plugin.h"
#include "engine/cuda/open_plugin.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {

absl::StatusOr<RecordGraph> PrepareDevice(const ComputeOptions& compute) {
  RETURN_IF_ERROR(CheckCompute(compute));
  if (compute.device_memory_mb == 0 && !compute.cuda_graph) return RecordGraph();
  const ComputeDevice device = compute.choice().device;
  ASSIGN_OR_RETURN(const CudaPlugin* plugin, OpenCudaPlugin(device));
  if (compute.device_memory_mb > 0) {
    RETURN_IF_ERROR(CatchTorchErrors([&] {
      plugin->limit_memory(device.index, static_cast<int64_t>(compute.device_memory_mb) << 20);
      return absl::OkStatus();
    }));
  }
  if (!compute.cuda_graph) return RecordGraph();
  return RecordGraph([plugin, gpu = device.index](const std::function<void()>& work) {
    return plugin->record_graph(gpu, work);
  });
}

}  // namespace imprint::engine
