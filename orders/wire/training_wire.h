// Converts what a training is asked for, and its recipe, to and from protos.
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

// Returns a proto with only those fields set for which `given` returns true: the rest is left to
// the server, which knows the defaults.
v1::TrainingRecipe ToProto(const TrainingRecipe& recipe,
                           const std::function<bool(const Field<TrainingRecipe>&)>& given);

// Parses all that a spec says of what is taught, and how, with the recipe; no template means those
// of the kind. INVALID_ARGUMENT naming `context` and the field, such as spec.token.
absl::StatusOr<TrainingSettings> ParseSettings(const v1::TrainingSpec& spec,
                                               absl::string_view context);

// Sets those fields of a spec whose rows `given` takes, all of them if it is null; and the
// templates if there are any. The recipe is left alone.
void FillSettings(const TrainingSettings& settings,
                  const std::function<bool(const Field<TrainingSettings>&)>& given,
                  v1::TrainingSpec& spec);

v1::SquareFit ToProto(SquareFit fit);
// What is not of this version is the default.
SquareFit FromProto(v1::SquareFit fit);

}  // namespace imprint
