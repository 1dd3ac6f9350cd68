// Converts pictures to tensors, for the networks that read pixels.
#pragma once

#include <span>

#include <ATen/ATen.h>

#include "base/rgb_image.h"

namespace imprint::engine {

// Returns pictures of one size as bytes [n, h, w, 3] on the CPU.
at::Tensor ByteTensor(std::span<const RgbImage> pictures);

// Converts bytes [n, h, w, 3] to what CLIP's vision tower reads: [n, 3, h, w] fp32, normalised with
// CLIP's mean and deviation.
at::Tensor ClipPixels(const at::Tensor& bytes);

// Converts bytes [n, h, w, 3] to what the VAE reads: [n, 3, h, w] fp32 in [-1, 1].
at::Tensor VaePixels(const at::Tensor& bytes);

}  // namespace imprint::engine
