// How a concept is taught: every number that changes the result.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <nlohmann/json.hpp>

#include "base/json_object.h"
#include "formats/learned_embedding.h"
#include "orders/field_table.h"

namespace imprint {

// The largest side of the pictures that are taught from, in pixels.
inline constexpr int kMaxTrainingSide = 2048;

// How the learning rate changes over the run.
enum class LearningRateSchedule { kConstant, kCosine };
inline constexpr absl::string_view kLearningRateSchedules[] = {"constant", "cosine"};

absl::string_view Name(LearningRateSchedule schedule);

// A plain value; CheckRecipe says whether it makes sense. kRecipeFields describes each number.
struct TrainingRecipe {
  int vectors = 1;
  int steps = 200;
  int batch = 4;
  // A gradient has batch × accumulation samples.
  int accumulation = 1;
  double learning_rate = 1e-2;
  LearningRateSchedule schedule = LearningRateSchedule::kConstant;
  // AdamW (Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization").
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-2;
  // AdamW inflates a new token until it drowns the words around it.
  double max_growth = 1.5;
  // Polyak & Juditsky 1992: a constant learning rate keeps circling the best place, and the mean is
  // nearer to it than any point of the circle.
  double average = 0.25;
  bool flip = true;
  uint64_t seed = 0;
};

inline constexpr int kMaxSamples = 4096;

inline constexpr Field<TrainingRecipe> kRecipeRows[] = {
    {.name = "vectors",
     .flag = "vectors",
     .member = &TrainingRecipe::vectors,
     .range = {.least = 1, .most = kMaxEmbeddingVectors},
     .help = "Vectors that the token stands for"},
    {.name = "steps",
     .flag = "steps",
     .member = &TrainingRecipe::steps,
     .range = {.least = 1, .most = 1'000'000},
     .help = "Updates of the vectors"},
    {.name = "batch",
     .flag = "batch",
     .member = &TrainingRecipe::batch,
     .range = {.least = 1, .most = kMaxSamples},
     .help = "Samples computed at once"},
    {.name = "accumulation",
     .flag = "accumulation",
     .member = &TrainingRecipe::accumulation,
     .range = {.least = 1, .most = kMaxSamples},
     .help = "Batches an update; batch × accumulation is at most 4096"},
    {.name = "learning_rate",
     .flag = "lr",
     .member = &TrainingRecipe::learning_rate,
     .range = {.least = 0, .most = 10, .above_least = true},
     .expected = "a number above 0, at most 10, such as 0.01",
     .help = "Learning rate of an update; it is not scaled by the batch"},
    {.name = "schedule",
     .flag = "schedule",
     .member = ChoiceOf<&TrainingRecipe::schedule>::Named(kLearningRateSchedules),
     .help = "How the learning rate goes over the run: constant, or cosine (falls to 5 percent)"},
    {.name = "beta1",
     .flag = "beta1",
     .member = &TrainingRecipe::beta1,
     .range = {.least = 0, .most = 1, .below_most = true},
     .help = "AdamW's decay of the gradient's mean"},
    {.name = "beta2",
     .flag = "beta2",
     .member = &TrainingRecipe::beta2,
     .range = {.least = 0, .most = 1, .below_most = true},
     .help = "AdamW's decay of the squared gradient's mean"},
    {.name = "epsilon",
     .flag = "epsilon",
     .member = &TrainingRecipe::epsilon,
     .range = {.least = 0, .most = 1, .above_least = true},
     .expected = "a number above 0, at most 1, such as 1e-8",
     .help = "What AdamW adds to the root that it divides by"},
    {.name = "weight_decay",
     .flag = "weight-decay",
     .member = &TrainingRecipe::weight_decay,
     .range = {.least = 0, .most = 1},
     .help = "Weight decay of AdamW, on the vectors alone"},
    {.name = "max_growth",
     .flag = "max-growth",
     .member = &TrainingRecipe::max_growth,
     .range = {.least = 1, .most = 1000, .or_zero = true},
     .expected = "0 (no limit), or 1 to 1000 times the first length",
     .help = "How many times its first length a vector may reach; 0 is no limit"},
    {.name = "average",
     .flag = "average",
     .member = &TrainingRecipe::average,
     .range = {.least = 0, .most = 1},
     .expected = "0 (the last step alone) to 1 (all steps)",
     .help = "Last part of the steps whose mean becomes the embedding; 0 is the last step alone"},
    {.name = "flip",
     .flag = "no-flip",
     .member = &TrainingRecipe::flip,
     .help = "Never mirror the pictures: for text, or faces that are not symmetrical"},
    {.name = "seed",
     .flag = "seed",
     .member = &TrainingRecipe::seed,
     .help = "Another number, another choice of pictures, captions and noise"},
};
inline constexpr FieldTable<TrainingRecipe> kRecipeFields = kRecipeRows;

// Returns INVALID_ARGUMENT naming the first field that makes no sense, what it is and what it may
// be.
absl::Status CheckRecipe(const TrainingRecipe& recipe);

// Convert the recipe to a JSON object, and back; every field must be there.
nlohmann::json ToJson(const TrainingRecipe& recipe);
absl::StatusOr<TrainingRecipe> RecipeFromJson(const JsonObject& json);

// Returns the first step, 0 to steps - 1, whose vectors count towards the embedding.
int64_t FirstAveragedStep(const TrainingRecipe& recipe);

// Returns the factor of the learning rate at a step, 0 to steps - 1.
double LearningRateFactor(const TrainingRecipe& recipe, int64_t step);

}  // namespace imprint
