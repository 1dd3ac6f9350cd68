#include "services/sampler/picture_safety.h"

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "engine/scoring/safety_screen.h"
#include "imaging/fit.h"
#include "rpc/status.h"

namespace imprint::sampler {

absl::Status CheckHasSafety(const engine::BaseModelInfo& model) {
  if (model.has_safety_checker) return absl::OkStatus();
  return WithReason(absl::FailedPreconditionError(
                        absl::StrCat("model: ", model.folder,
                                     " has no safety checker; add one, or start the sampler with "
                                     "--no-safety-check to draw without")),
                    "NO_SAFETY_CHECKER");
}

absl::StatusOr<v1::SafetyReport> ReportSafety(const engine::BaseModel& model,
                                              const RgbImage& picture) {
  ASSIGN_OR_RETURN(const int size, engine::SafetyPictureSize(model));
  const RgbImage fitted = FitForClip(picture, size);
  ASSIGN_OR_RETURN(const auto scores, engine::CheckSafety(model, {&fitted, 1}));
  v1::SafetyReport report;
  report.set_blocked(scores[0].Blocked());
  report.mutable_scores()->Add(scores[0].concepts.begin(), scores[0].concepts.end());
  return report;
}

}  // namespace imprint::sampler
