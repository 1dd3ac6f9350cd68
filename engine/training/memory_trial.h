// Trying what a device has memory for.
#pragma once

#include "absl/status/status.h"

#include "engine/model/base_model.h"
#include "engine/training/training_run.h"

namespace imprint {

// An "out of memory" of a training that so many ranks shared, with what fits here, which is tried:
// takes as long as a few steps. Any other status as it is, and that one, too, once `hooks` say
// stop. A rank leaves its gang before, so that the others need not wait for it. To be called where
// nothing else computes in this process.
absl::Status WithWhatFits(const absl::Status& status, const BaseModel& model,
                          const TrainingInput& input, const TrainingHooks& hooks,
                          const TrainingMeans& means, int ranks);

}  // namespace imprint
