// The second, larger pass of a picture, and where a pass begins if it starts from a picture. Needs
// no LibTorch: whoever admits an order checks it.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "base/picture_size.h"
#include "orders/solver_choice.h"

namespace imprint {

// The most by which pictures may be enlarged.
inline constexpr double kMaxUpscale = 4;
// The share of steps that the second pass takes by default: with more, it covers what the first has
// drawn with patterns.
inline constexpr double kDefaultUpscaleStrength = 0.35;
// The largest side of a picture, before and after the enlargement.
inline constexpr int kMaxPictureSide = 4096;

// Returns `size` times `upscale`, rounded to multiples of `multiple`; `size` itself if upscale is
// 1.
PictureSize Enlarged(const PictureSize& size, double upscale, int multiple);

// Returns INVALID_ARGUMENT naming `field` unless `strength` of `steps` steps are one at least, and
// at most all.
absl::Status CheckStrength(absl::string_view field, const SolverChoice& solver, int steps,
                           double strength);

// Returns INVALID_ARGUMENT naming upscale, or upscale_strength if there is a second pass.
absl::Status CheckUpscaling(const PictureSize& size, int multiple, const SolverChoice& solver,
                            int steps, double upscale, double strength);

}  // namespace imprint
