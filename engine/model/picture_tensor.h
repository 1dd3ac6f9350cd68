// Pictures as tensors, for the networks that read pixels.
#pragma once

#include <span>

#include <ATen/ATen.h>

#include "base/rgb_image.h"

namespace imprint {

// Pictures of one size as bytes [n, h, w, 3] on the CPU.
at::Tensor ByteTensor(std::span<const RgbImage> pictures);

// As CLIP's vision tower reads them: bytes [n, h, w, 3] -> [n, 3, h, w] fp32, with CLIP's mean and
// deviation.
at::Tensor ClipPixels(const at::Tensor& bytes);

// As the VAE reads them: bytes [n, h, w, 3] -> [n, 3, h, w] fp32 in [-1, 1].
at::Tensor VaePixels(const at::Tensor& bytes);

}  // namespace imprint
