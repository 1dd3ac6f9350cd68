#include "orders/upscaling.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint {

PictureSize Enlarged(const PictureSize& size, double upscale, int multiple) {
  if (upscale == 1) return size;
  const auto enlarged = [&](int side) {
    return static_cast<int>(std::lround(side * upscale / multiple)) * multiple;
  };
  return {enlarged(size.width), enlarged(size.height)};
}

absl::Status CheckStrength(absl::string_view field, const SolverChoice& solver, int steps,
                           double strength) {
  if (strength > 0 && strength <= 1 &&
      FirstEvaluation(solver, steps, strength) < Evaluations(solver, steps)) {
    return absl::OkStatus();
  }
  return FieldError(field, absl::StrCat(strength),
                    absl::StrCat("a share of the steps, 1/", steps, " (one of them) to 1 (all)"));
}

absl::Status CheckUpscaling(const PictureSize& size, int multiple, const SolverChoice& solver,
                            int steps, double upscale, double strength) {
  RETURN_IF_ERROR(CheckNumber("upscale", upscale, 1, kMaxUpscale));
  if (upscale == 1) return absl::OkStatus();
  const PictureSize larger = Enlarged(size, upscale, multiple);
  const auto refuse = [&](absl::string_view expected) {
    return FieldError("upscale", absl::StrCat(upscale),
                      absl::StrCat(expected, " than ", larger.width, "x", larger.height));
  };
  if (larger == size) return refuse("1, or what makes more");
  if (std::max(larger.width, larger.height) > kMaxPictureSide) {
    return refuse(absl::StrCat("sides of at most ", kMaxPictureSide, ", which is less"));
  }
  return CheckStrength("upscale_strength", solver, steps, strength);
}

}  // namespace imprint
