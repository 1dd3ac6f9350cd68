// Asks the base model's safety checker about finished pictures.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/rgb_image.h"
#include "engine/model/base_model.h"
#include "engine/model/safety_scores.h"

namespace imprint::cli {

// Returns FAILED_PRECONDITION, naming model and what to do, if the model has no safety checker.
absl::Status CheckHasSafetyChecker(const engine::BaseModelInfo& model);

// Returns the scores of a picture of any size. Fails with the errors of engine::CheckSafety.
absl::StatusOr<engine::SafetyScores> ScreenPicture(const engine::BaseModel& model,
                                                   const RgbImage& picture);

}  // namespace imprint::cli
