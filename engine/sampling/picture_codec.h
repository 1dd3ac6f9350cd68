// Converts between pictures and the latents that solvers step.
#pragma once

#include "absl/status/statusor.h"
#include <ATen/ATen.h>

#include "base/rgb_image.h"
#include "engine/model/model_parts.h"
#include "engine/noise/noise_source.h"

namespace imprint::engine {

// Pictures of more than twice the pixels that the model was trained at go through the VAE tile by
// tile, in tiles of that size, in both directions.

// Decodes a finished latent [4, h, w] into pixels [1, 3, H, W] fp32, about [-1, 1].
// FAILED_PRECONDITION if some of them are not finite.
absl::StatusOr<at::Tensor> Decode(const ModelParts& model, const at::Tensor& latent);

// Encodes pixels [1, 3, H, W] in [-1, 1] into a distribution.
LatentDistribution Encode(const ModelParts& model, const at::Tensor& pixels);

// Return a clean latent [4, h, w] fp32, scaled as solvers take it: a distribution's mean, or a
// sample of it.
at::Tensor MeanLatent(const ModelParts& model, const LatentDistribution& latents);
at::Tensor DrawLatent(const ModelParts& model, const LatentDistribution& latents,
                      NoiseSource& noise);

// Resizes pixels [1, 3, h, w] with a bicubic filter, clamped to [-1, 1].
at::Tensor Enlarge(const at::Tensor& pixels, int64_t height, int64_t width);

// Converts pixels [1, 3, h, w] to 8 bits, rounded.
RgbImage ToPicture(const at::Tensor& pixels);

}  // namespace imprint::engine
