#include "engine/scoring/safety_screen.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model/model_parts.h"
#include "engine/model/picture_tensor.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {
namespace {

// Of a damaged checker; its verdicts would mean nothing.
bool AreNumbers(const SafetyScores& scores) {
  const auto finite = [](double score) { return std::isfinite(score); };
  return std::all_of(scores.concepts.begin(), scores.concepts.end(), finite) &&
         std::all_of(scores.special_care.begin(), scores.special_care.end(), finite);
}

}  // namespace

absl::StatusOr<int> SafetyPictureSize(const BaseModel& model) {
  if (!model.parts().safety_checker) {
    return absl::FailedPreconditionError(
        absl::StrCat(model.info().folder, " has no safety checker"));
  }
  return static_cast<int>(model.parts().safety_checker->image_size());
}

absl::StatusOr<std::vector<SafetyScores>> CheckSafety(const BaseModel& model,
                                                      std::span<const RgbImage> pictures) {
  ASSIGN_OR_RETURN(const int size, SafetyPictureSize(model));
  for (const RgbImage& picture : pictures) {
    if (picture.width != size || picture.height != size) {
      return FieldError("picture", absl::StrCat(picture.width, "×", picture.height),
                        absl::StrCat(size, "×", size));
    }
  }
  if (pictures.empty()) return std::vector<SafetyScores>();
  return CatchTorchErrors([&]() -> absl::StatusOr<std::vector<SafetyScores>> {
    const c10::InferenceMode no_autograd;
    const at::Tensor bytes = ByteTensor(pictures).to(model.parts().device);
    std::vector<SafetyScores> scores = model.parts().safety_checker->Check(ClipPixels(bytes));
    if (!std::all_of(scores.begin(), scores.end(), AreNumbers)) {
      const std::string& damage = model.info().damage;
      return absl::FailedPreconditionError(
          damage.empty() ? "the safety checker gives scores that are no numbers" : damage);
    }
    return scores;
  });
}

}  // namespace imprint::engine
