// Runs the base model's safety checker over finished pictures. This header needs no LibTorch:
// services and tools include it.
#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"

#include "base/rgb_image.h"
#include "engine/model/base_model.h"
#include "engine/model/safety_scores.h"

namespace imprint::engine {

// Returns the side of the square pictures that the model's checker reads; use FitForClip to bring
// pictures to it. FAILED_PRECONDITION if the model has no safety checker.
absl::StatusOr<int> SafetyPictureSize(const BaseModel& model);

// Returns the scores of each picture. FAILED_PRECONDITION if the model has no safety checker, or a
// damaged one; INVALID_ARGUMENT if a picture is of another size than SafetyPictureSize.
// Thread-safe.
absl::StatusOr<std::vector<SafetyScores>> CheckSafety(const BaseModel& model,
                                                      std::span<const RgbImage> pictures);

}  // namespace imprint::engine
