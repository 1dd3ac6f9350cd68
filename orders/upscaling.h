// The second, larger pass of a picture, and where a pass begins that has something to begin from.
// Needs no LibTorch: whoever admits an order checks it.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "base/picture_size.h"
#include "orders/solver_choice.h"

namespace imprint {

// How far pictures may be enlarged.
inline constexpr double kMaxUpscale = 4;
// The share of steps that the second pass walks where nobody says: more, and it covers what the
// first has drawn with patterns.
inline constexpr double kDefaultUpscaleStrength = 0.35;
// Of a picture, before and after that.
inline constexpr int kMaxPictureSide = 4096;

// `size` times `upscale`, rounded to multiples of `multiple`; `size` itself where upscale is 1.
PictureSize Enlarged(const PictureSize& size, double upscale, int multiple);

// INVALID_ARGUMENT naming `field` unless `strength` of `steps` steps are one at least, and at most
// all.
absl::Status CheckStrength(absl::string_view field, const SolverChoice& solver, int steps,
                           double strength);

// INVALID_ARGUMENT naming upscale, or upscale_strength where there is a second pass.
absl::Status CheckUpscaling(const PictureSize& size, int multiple, const SolverChoice& solver,
                            int steps, double upscale, double strength);

}  // namespace imprint
