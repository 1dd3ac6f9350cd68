// Brings pictures of any shape to the shape that a model reads.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/rgb_image.h"

namespace imprint {

// How a picture that is not square becomes square.
enum class SquareFit {
  kCrop,    // the middle square: proportions stay (Diffusers' --center_crop)
  kSquash,  // all of it, distorted (Diffusers' default)
};

// Returns "crop" or "squash".
absl::string_view Name(SquareFit fit);
absl::StatusOr<SquareFit> ParseSquareFit(absl::string_view name);

// Returns a picture of size x size for training, as Diffusers' textual_inversion.py makes it: crop
// first, then bicubic.
RgbImage FitToSquare(const RgbImage& image, int size, SquareFit fit);

// Returns a picture of width x height for drawing from a picture: the largest part of those
// proportions in its middle, then bicubic.
RgbImage CropAndResize(const RgbImage& image, int width, int height);

// Returns a picture of size x size for CLIP, as transformers' CLIPImageProcessor makes it: the
// shorter edge becomes `size`, then the middle is cropped.
RgbImage FitForClip(const RgbImage& image, int size);

}  // namespace imprint
