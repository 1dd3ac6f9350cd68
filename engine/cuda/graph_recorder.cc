#include "engine/cuda/graph_recorder.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/cuda/cuda_plugin.h"
#include "engine/cuda/open_plugin.h"

namespace imprint {

absl::StatusOr<RecordGraph> GraphRecorder(const ComputeDevice& device) {
  if (device.kind == DeviceKind::kCpu) {
    return FieldError("cuda-graph", "true", "false without a GPU");
  }
  ASSIGN_OR_RETURN(const CudaPlugin* plugin, OpenCudaPlugin(device));
  return RecordGraph([plugin, gpu = device.index](const std::function<void()>& work) {
    return plugin->record_graph(gpu, work);
  });
}

}  // namespace imprint
