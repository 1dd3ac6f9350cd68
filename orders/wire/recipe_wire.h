// Converts a training's recipe to and from protos.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/training.pb.h>

#include "orders/training_recipe.h"

namespace imprint {

// Parses a recipe. Fields that are not set take the defaults. INVALID_ARGUMENT naming `context` and
// the field, such as spec.recipe.steps.
absl::StatusOr<TrainingRecipe> ParseRecipe(const v1::TrainingRecipe& recipe,
                                           absl::string_view context);

// Returns a proto with every field set.
v1::TrainingRecipe ToProto(const TrainingRecipe& recipe);

// Returns a proto with only those fields set for which `given` returns true: the rest is left to
// the server, which knows the defaults.
v1::TrainingRecipe ToProto(const TrainingRecipe& recipe,
                           const std::function<bool(const Field<TrainingRecipe>&)>& given);

}  // namespace imprint
