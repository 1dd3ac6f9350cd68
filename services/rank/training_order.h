// What a training is asked to be, from its proto to the engine's input.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <imprint/v1/rank.pb.h>
#include <imprint/v1/training.pb.h>

#include "base/rgb_image.h"
#include "engine/collective/gang_place.h"
#include "engine/model/base_model.h"
#include "engine/training/training_run.h"
#include "orders/precision.h"
#include "orders/training_recipe.h"

namespace imprint::rank {

// A checked spec; what only the model can judge is still open.
struct TrainingOrder {
  std::string token;
  std::string class_word;
  // At least one, with "{}" once each.
  std::vector<std::string> templates;
  // Pixels a side; 0 is the model's own.
  int size = 0;
  v1::SquareFit fit = v1::SQUARE_FIT_CROP;
  TrainingRecipe recipe;
  int checkpoint_every = 50;
  Precision precision = Precision::kFp32;
};

// Fields of the recipe that are not set take the engine's defaults. INVALID_ARGUMENT naming the
// field, such as spec.templates or steps.
absl::StatusOr<TrainingOrder> ParseTrainingSpec(const v1::TrainingSpec& spec);

// The place among those that share the training; one alone if the request names no gang. The door
// is rank 0's to open. INVALID_ARGUMENT naming run.rank or gang's field.
absl::StatusOr<GangPlace> ParseGangPlace(const v1::TrainRequest& request);

// The side at which the model is taught. INVALID_ARGUMENT naming spec.size.
absl::StatusOr<int> TrainingSize(const TrainingOrder& order, const BaseModelInfo& model);

TrainingInput ToTrainingInput(const TrainingOrder& order, std::vector<RgbImage> pictures);

}  // namespace imprint::rank
