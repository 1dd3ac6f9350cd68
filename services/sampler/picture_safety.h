// The safety check of a finished picture.
#pragma once

#include "absl/status/statusor.h"
#include <imprint/v1/imageset.pb.h>

#include "base/rgb_image.h"
#include "engine/model/base_model.h"

namespace imprint::sampler {

// Returns OK if the model can check pictures, else FAILED_PRECONDITION with the reason
// NO_SAFETY_CHECKER.
absl::Status CheckHasSafety(const engine::BaseModelInfo& model);

// Returns the verdict of the model's safety checker. An error is not a permission: the picture must
// not be delivered.
absl::StatusOr<v1::SafetyReport> ReportSafety(const engine::BaseModel& model,
                                              const RgbImage& picture);

}  // namespace imprint::sampler
