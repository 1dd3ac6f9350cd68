// How a concept is taught: every number that changes the result. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <nlohmann/json.hpp>

#include "base/json_object.h"

namespace imprint {

// Largest side of the pictures that are taught from, in pixels.
inline constexpr int kMaxTrainingSide = 2048;

// How the learning rate goes from its first value over the run.
enum class LearningRateSchedule { kConstant, kCosine };

absl::string_view Name(LearningRateSchedule schedule);
absl::StatusOr<LearningRateSchedule> ParseLearningRateSchedule(absl::string_view name);

// A plain value; CheckRecipe says whether it makes sense.
struct TrainingRecipe {
  int vectors = 1;
  int steps = 200;
  // Samples of one gradient are batch x accumulation; a batch is computed at once.
  int batch = 4;
  int accumulation = 1;
  double learning_rate = 1e-2;
  LearningRateSchedule schedule = LearningRateSchedule::kConstant;
  // AdamW (Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization").
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-2;
  // A vector may grow to this many times the length it started with; 0 lets it grow freely. AdamW
  // inflates a new token until it drowns the words around it.
  double max_growth = 1.5;
  // The embedding is the mean of the vectors over this last part of the steps (Polyak & Juditsky
  // 1992): a constant learning rate keeps circling the best place, and the mean is nearer to it
  // than any point of the circle. 0 takes the last step's.
  double average = 0.25;
  // Mirrored pictures count as pictures of the concept with probability one half.
  bool flip = true;
  uint64_t seed = 0;
};

// INVALID_ARGUMENT naming the first field that makes no sense, what it is and what it may be.
absl::Status CheckRecipe(const TrainingRecipe& recipe);

// The recipe as a JSON object, and back; every field must be there.
nlohmann::json ToJson(const TrainingRecipe& recipe);
absl::StatusOr<TrainingRecipe> RecipeFromJson(const JsonObject& json);

// The first step, 0 to steps - 1, whose vectors count towards the embedding.
int64_t FirstAveragedStep(const TrainingRecipe& recipe);

// The factor of the learning rate at a step, 0 to steps - 1.
double LearningRateFactor(const TrainingRecipe& recipe, int64_t step);

}  // namespace imprint
