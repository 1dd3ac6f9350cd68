#include "orders/training_recipe.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace imprint {
namespace {

// The cosine ends here, not at nothing: the last steps still count.
constexpr double kCosineFloor = 0.05;

absl::Status CheckSamples(const TrainingRecipe& recipe) {
  const int samples = recipe.batch * recipe.accumulation;
  if (samples <= kMaxSamples) return absl::OkStatus();
  return FieldError("batch x accumulation", absl::StrCat(samples),
                    absl::StrCat("a whole number from 1 to ", kMaxSamples));
}

}  // namespace

absl::string_view Name(LearningRateSchedule schedule) {
  return kLearningRateSchedules[static_cast<int>(schedule)];
}

absl::Status CheckRecipe(const TrainingRecipe& recipe) {
  RETURN_IF_ERROR(CheckFields(kRecipeFields, recipe));
  return CheckSamples(recipe);
}

nlohmann::json ToJson(const TrainingRecipe& recipe) { return ToJson(kRecipeFields, recipe); }

absl::StatusOr<TrainingRecipe> RecipeFromJson(const JsonObject& json) {
  ASSIGN_OR_RETURN(const TrainingRecipe recipe, FromJson(kRecipeFields, json));
  RETURN_IF_ERROR(CheckSamples(recipe));
  return recipe;
}

int64_t FirstAveragedStep(const TrainingRecipe& recipe) {
  const auto averaged = static_cast<int64_t>(recipe.steps * recipe.average);
  return recipe.steps - std::max<int64_t>(averaged, 1);
}

double LearningRateFactor(const TrainingRecipe& recipe, int64_t step) {
  if (recipe.schedule == LearningRateSchedule::kConstant) return 1.0;
  const double progress = static_cast<double>(step) / recipe.steps;
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * progress));
  return kCosineFloor + (1 - kCosineFloor) * cosine;
}

}  // namespace imprint
