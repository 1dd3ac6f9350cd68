#include "orders/training_recipe.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/learned_embedding.h"

namespace imprint {
namespace {

constexpr int kMaxSteps = 1'000'000;
constexpr int kMaxSamples = 4096;
// The cosine ends here, not at nothing: the last steps still count.
constexpr double kCosineFloor = 0.05;

absl::Status CheckRange(absl::string_view field, int value, int low, int high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return FieldError(field, absl::StrCat(value),
                    absl::StrCat("a whole number from ", low, " to ", high));
}

}  // namespace

absl::string_view Name(LearningRateSchedule schedule) {
  return schedule == LearningRateSchedule::kConstant ? "constant" : "cosine";
}

absl::StatusOr<LearningRateSchedule> ParseLearningRateSchedule(absl::string_view name) {
  if (name == "constant") return LearningRateSchedule::kConstant;
  if (name == "cosine") return LearningRateSchedule::kCosine;
  return FieldError("schedule", Quoted(name), "\"constant\" or \"cosine\"");
}

absl::Status CheckRecipe(const TrainingRecipe& recipe) {
  RETURN_IF_ERROR(CheckRange("vectors", recipe.vectors, 1, kMaxEmbeddingVectors));
  RETURN_IF_ERROR(CheckRange("steps", recipe.steps, 1, kMaxSteps));
  RETURN_IF_ERROR(CheckRange("batch", recipe.batch, 1, kMaxSamples));
  RETURN_IF_ERROR(CheckRange("accumulation", recipe.accumulation, 1, kMaxSamples));
  RETURN_IF_ERROR(
      CheckRange("batch x accumulation", recipe.batch * recipe.accumulation, 1, kMaxSamples));
  // Written so that NaN fails every comparison.
  const auto check = [](absl::string_view field, double value, bool good,
                        absl::string_view expected) {
    return good ? absl::OkStatus() : FieldError(field, absl::StrCat(value), expected);
  };
  RETURN_IF_ERROR(check("learning_rate", recipe.learning_rate,
                        recipe.learning_rate > 0 && recipe.learning_rate <= 10,
                        "a number above 0, at most 10, such as 0.01"));
  RETURN_IF_ERROR(
      check("beta1", recipe.beta1, recipe.beta1 >= 0 && recipe.beta1 < 1, "0 or more, below 1"));
  RETURN_IF_ERROR(
      check("beta2", recipe.beta2, recipe.beta2 >= 0 && recipe.beta2 < 1, "0 or more, below 1"));
  RETURN_IF_ERROR(check("epsilon", recipe.epsilon, recipe.epsilon > 0 && recipe.epsilon <= 1,
                        "a number above 0 such as 1e-8"));
  RETURN_IF_ERROR(check("weight_decay", recipe.weight_decay,
                        recipe.weight_decay >= 0 && recipe.weight_decay <= 1, "0 to 1"));
  RETURN_IF_ERROR(check("average", recipe.average, recipe.average >= 0 && recipe.average <= 1,
                        "0 (the last step alone) to 1 (all steps)"));
  return check("max_growth", recipe.max_growth,
               recipe.max_growth == 0 || (recipe.max_growth >= 1 && recipe.max_growth <= 1000),
               "0 (no limit) or 1 to 1000 times the first length");
}

nlohmann::json ToJson(const TrainingRecipe& recipe) {
  return {{"vectors", recipe.vectors},
          {"steps", recipe.steps},
          {"batch", recipe.batch},
          {"accumulation", recipe.accumulation},
          {"learning_rate", recipe.learning_rate},
          {"schedule", Name(recipe.schedule)},
          {"beta1", recipe.beta1},
          {"beta2", recipe.beta2},
          {"epsilon", recipe.epsilon},
          {"weight_decay", recipe.weight_decay},
          {"max_growth", recipe.max_growth},
          {"average", recipe.average},
          {"flip", recipe.flip},
          {"seed", recipe.seed}};
}

absl::StatusOr<TrainingRecipe> RecipeFromJson(const JsonObject& json) {
  TrainingRecipe recipe;
  const auto whole = [&](const char* key, int& field) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t value, json.Get<int64_t>(key));
    if (value < INT32_MIN || value > INT32_MAX) {
      return FieldError(absl::StrCat(json.origin(), ": ", key), absl::StrCat(value),
                        absl::StrCat(INT32_MIN, " to ", INT32_MAX));
    }
    field = static_cast<int>(value);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(whole("vectors", recipe.vectors));
  RETURN_IF_ERROR(whole("steps", recipe.steps));
  RETURN_IF_ERROR(whole("batch", recipe.batch));
  RETURN_IF_ERROR(whole("accumulation", recipe.accumulation));
  ASSIGN_OR_RETURN(recipe.learning_rate, json.Get<double>("learning_rate"));
  ASSIGN_OR_RETURN(const std::string schedule, json.Get<std::string>("schedule"));
  ASSIGN_OR_RETURN(recipe.schedule, ParseLearningRateSchedule(schedule));
  ASSIGN_OR_RETURN(recipe.beta1, json.Get<double>("beta1"));
  ASSIGN_OR_RETURN(recipe.beta2, json.Get<double>("beta2"));
  ASSIGN_OR_RETURN(recipe.epsilon, json.Get<double>("epsilon"));
  ASSIGN_OR_RETURN(recipe.weight_decay, json.Get<double>("weight_decay"));
  ASSIGN_OR_RETURN(recipe.max_growth, json.Get<double>("max_growth"));
  ASSIGN_OR_RETURN(recipe.average, json.Get<double>("average"));
  ASSIGN_OR_RETURN(recipe.flip, json.Get<bool>("flip"));
  ASSIGN_OR_RETURN(recipe.seed, json.Get<uint64_t>("seed"));
  RETURN_IF_ERROR(CheckRecipe(recipe));
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
