// Converts what is asked of a training, and its recipe, to and from protos.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/training.pb.h>

#include "base/square_fit.h"
#include "orders/training_recipe.h"
#include "orders/training_settings.h"

namespace imprint {

// Parses a recipe. Fields that are not set take the defaults. INVALID_ARGUMENT naming `context` and
// the field, such as spec.recipe.steps.
absl::StatusOr<TrainingRecipe> ParseRecipe(const v1::TrainingRecipe& recipe,
                                           absl::string_view context);

// Returns a proto with every field set.
v1::TrainingRecipe ToProto(const TrainingRecipe& recipe);

// Parses all that a spec says of what is taught, and how, with the recipe; no template means those
// of the kind. INVALID_ARGUMENT naming `context` and the field, such as spec.token.
absl::StatusOr<TrainingSettings> ParseSettings(const v1::TrainingSpec& spec,
                                               absl::string_view context);

// Sets a spec's templates, and those fields of it and of its recipe whose rows' names `given`
// takes, or all of them if it is null: what is not set is left to the server, which knows the
// defaults.
void FillSettings(const TrainingSettings& settings,
                  const std::function<bool(absl::string_view row)>& given, v1::TrainingSpec& spec);

v1::SquareFit ToProto(SquareFit fit);
// What is not of this version is the default.
SquareFit FromProto(v1::SquareFit fit);

}  // namespace imprint
