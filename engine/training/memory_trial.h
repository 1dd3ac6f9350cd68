// Trying what a device has memory for.
#pragma once

#include "engine/model/base_model.h"
#include "engine/training/memory_advice.h"
#include "engine/training/training_run.h"

namespace imprint {

// What one of so many ranks computes at once.
StepShape ShapeOfStep(const TrainingInput& input, int ranks, bool gradient_checkpointing);

// Whether a gradient of that shape can be computed: computes one, of empty pictures.
bool FitsHere(const BaseModel& model, const TrainingInput& input, const StepShape& shape);

}  // namespace imprint
