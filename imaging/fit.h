// Brings pictures of any shape to the shape that a model reads.
#pragma once

#include "base/rgb_image.h"
#include "base/square_fit.h"

namespace imprint {

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
