// The means that a rank of "imprint-engine teach" computes with.
#pragma once

#include "absl/status/statusor.h"
#include "cli/imprint_engine/training_record.h"

#include "engine/devices/compute_device.h"
#include "engine/training/training_run.h"

namespace imprint::cli {

// Returns the means that the order asks for, without a gang, and limits what this process may take
// of the device. To be called before the model is loaded. Returns INVALID_ARGUMENT naming
// cuda-graph or device-memory-mb.
absl::StatusOr<TrainingMeans> MeansOf(const TeachOrder& order, const ComputeDevice& device);

}  // namespace imprint::cli
