#include "cli/imprint_engine/picture_screen.h"

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "engine/scoring/safety_screen.h"
#include "imaging/fit.h"

namespace imprint::cli {

absl::Status CheckHasSafetyChecker(const engine::BaseModelInfo& model) {
  if (model.has_safety_checker) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("model: ", model.folder,
                   " has no safety checker; add one, or draw without with --no-safety-check"));
}

absl::StatusOr<engine::SafetyScores> ScreenPicture(const engine::BaseModel& model,
                                                   const RgbImage& picture) {
  ASSIGN_OR_RETURN(const int size, engine::SafetyPictureSize(model));
  const RgbImage fitted = FitForClip(picture, size);
  ASSIGN_OR_RETURN(auto scores, engine::CheckSafety(model, {&fitted, 1}));
  return std::move(scores.front());
}

}  // namespace imprint::cli
