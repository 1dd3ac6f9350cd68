// Resizes as Pillow's Image.resize(BICUBIC) does, bit for bit, because Diffusers and CLIP prepare
// their pictures with it and a model sees the difference between kernels.
#pragma once

#include "base/rgb_image.h"

namespace imprint {

// A part of a picture, in its pixels.
struct PictureArea {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

// Resizes to width x height (both >= 1) with the bicubic kernel a = -0.5 (Keys 1981, "Cubic
// Convolution Interpolation for Digital Image Processing"), widened by the scale when shrinking.
// As in Pillow 13: one pass for each direction, 8 bits between them, 22-bit fixed-point weights.
RgbImage ResizeBicubic(const RgbImage& image, int width, int height);

// Does the same for a part of the picture, as if it had been cut out first, but without a copy of
// it. The area lies within the picture.
RgbImage ResizeBicubic(const RgbImage& image, const PictureArea& area, int width, int height);

}  // namespace imprint
