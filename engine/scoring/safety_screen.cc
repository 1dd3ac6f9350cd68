#include "engine/scoring/safety_screen.h"

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model/model_parts.h"
#include "engine/model/picture_tensor.h"
#include "engine/runtime/torch_errors.h"

namespace imprint {

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
    return model.parts().safety_checker->Check(ClipPixels(bytes));
  });
}

}  // namespace imprint
