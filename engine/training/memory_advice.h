// What to say when memory runs out.
#pragma once

#include "absl/status/status.h"

#include "engine/recipe/recipe.h"

namespace imprint {

// An "out of memory" of a training, with the batch and accumulation that compute the same updates
// in about half of what the samples of a batch take. Any other status as it is.
absl::Status WithMemoryAdvice(const absl::Status& status, const TrainingRecipe& recipe);

}  // namespace imprint
