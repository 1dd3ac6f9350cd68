// Parses a training's proto into the engine's input.
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

// A spec that was checked as far as possible without the model.
struct TrainingOrder {
  std::string token;
  std::string class_word;
  // At least one, with "{}" once each.
  std::vector<std::string> templates;
  // Pixels per side; 0 means the model's own size.
  int size = 0;
  v1::SquareFit fit = v1::SQUARE_FIT_CROP;
  TrainingRecipe recipe;
  int checkpoint_every = 50;
  Precision precision = Precision::kFp32;
};

// Fields of the recipe that are not set take the engine's defaults. Returns INVALID_ARGUMENT naming
// the field, such as spec.templates or steps.
absl::StatusOr<TrainingOrder> ParseTrainingSpec(const v1::TrainingSpec& spec);

// Returns the rank's place in its gang; a gang of one if the request names none. Opening the door
// is left to rank 0. Returns INVALID_ARGUMENT naming run.rank or the field of the gang.
absl::StatusOr<engine::GangPlace> ParseGangPlace(const v1::TrainRequest& request);

// Returns the picture size, in pixels per side, at which the model is taught. Returns
// INVALID_ARGUMENT naming spec.size.
absl::StatusOr<int> TrainingSize(const TrainingOrder& order, const engine::BaseModelInfo& model);

engine::TrainingInput ToTrainingInput(const TrainingOrder& order, std::vector<RgbImage> pictures);

}  // namespace imprint::rank
