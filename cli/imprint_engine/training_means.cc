#include "cli/imprint_engine/training_means.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/cuda/device_memory.h"
#include "engine/cuda/graph_recorder.h"

namespace imprint {

absl::StatusOr<TrainingMeans> MeansOf(const TeachOrder& order, const ComputeDevice& device) {
  TrainingMeans means = {.gradient_checkpointing = order.gradient_checkpointing};
  RETURN_IF_ERROR(LimitDeviceMemory(device, order.device_memory_mb));
  if (order.cuda_graph) {
    if (order.compute.precision == Precision::kFp16) {
      return FieldError("cuda-graph", "true",
                        "false in fp16, which looks at every gradient; bf16 needs no look");
    }
    ASSIGN_OR_RETURN(means.record, GraphRecorder(device));
  }
  return means;
}

}  // namespace imprint
