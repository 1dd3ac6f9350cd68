// Parses a training's proto.
#pragma once

#include "absl/status/statusor.h"
#include <imprint/v1/rank.pb.h>
#include <imprint/v1/training.pb.h>

#include "engine/collective/gang_place.h"
#include "orders/precision.h"
#include "orders/training_settings.h"

namespace imprint::rank {

// A spec that was checked as far as possible without the model.
struct TrainingOrder {
  TrainingSettings settings;
  Precision precision = Precision::kFp32;
};

// Fields that are not set take the engine's defaults. Returns INVALID_ARGUMENT naming the field,
// such as spec.templates or spec.recipe.steps.
absl::StatusOr<TrainingOrder> ParseTrainingSpec(const v1::TrainingSpec& spec);

// Returns the rank's place in its gang; a gang of one if the request names none. Opening the door
// is left to rank 0. Returns INVALID_ARGUMENT naming run.rank or the field of the gang.
absl::StatusOr<engine::GangPlace> ParseGangPlace(const v1::TrainRequest& request);

}  // namespace imprint::rank
