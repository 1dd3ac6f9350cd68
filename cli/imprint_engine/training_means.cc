#include "cli/imprint_engine/training_means.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/cuda/prepare_device.h"

namespace imprint::cli {

absl::StatusOr<TrainingMeans> MeansOf(const TeachOrder& order, const ComputeDevice& device) {
  if (order.device_use.cuda_graph && order.compute.precision == Precision::kFp16) {
    return FieldError("cuda-graph", "true",
                      "false in fp16, which looks at every gradient; bf16 needs no look");
  }
  TrainingMeans means = {.gradient_checkpointing = order.gradient_checkpointing};
  ASSIGN_OR_RETURN(means.record, PrepareDevice(device, order.device_use));
  return means;
}

}  // namespace imprint::cli
