// Between pictures and the latents that solvers step.
#pragma once

#include "absl/status/statusor.h"
#include <ATen/ATen.h>

#include "base/rgb_image.h"
#include "engine/model/model_parts.h"
#include "engine/noise/noise_source.h"

namespace imprint {

// Beyond twice the pixels that the model was trained at, both go through the VAE tile by tile, in
// tiles of that size.

// A finished latent [4, h, w] -> pixels [1, 3, H, W] fp32, about [-1, 1]. FAILED_PRECONDITION if
// some of them are no numbers.
absl::StatusOr<at::Tensor> Decode(const ModelParts& model, const at::Tensor& latent);

// Pixels [1, 3, H, W] in [-1, 1] -> their distribution.
LatentDistribution Encode(const ModelParts& model, const at::Tensor& pixels);

// A clean latent [4, h, w] fp32, scaled as solvers take it: a distribution's mean, or a draw from
// it.
at::Tensor MeanLatent(const ModelParts& model, const LatentDistribution& latents);
at::Tensor DrawLatent(const ModelParts& model, const LatentDistribution& latents,
                      NoiseSource& noise);

// Pixels [1, 3, h, w] -> the same picture, bicubic, clamped to [-1, 1].
at::Tensor Enlarge(const at::Tensor& pixels, int64_t height, int64_t width);

// Pixels [1, 3, h, w], rounded.
RgbImage ToPicture(const at::Tensor& pixels);

}  // namespace imprint
