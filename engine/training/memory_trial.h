// Finds out by trial what a device has memory for.
#pragma once

#include "absl/status/status.h"

#include "engine/model/base_model.h"
#include "engine/training/training_run.h"

namespace imprint::engine {

// Extends the out-of-memory status of a training that `ranks` ranks shared with advice on what fits
// here, which is found by trial and takes as long as a few steps. Returns any other status
// unchanged, and that one, too, once `hooks` request a stop. A rank must leave its gang first, so
// that the others need not wait for it. Call it only where nothing else computes in this process.
absl::Status WithWhatFits(const absl::Status& status, const BaseModel& model,
                          const TrainingInput& input, const TrainingHooks& hooks,
                          const TrainingContext& context, int ranks);

}  // namespace imprint::engine
