// The pictures of a concept as the VAE sees them, encoded once.
#pragma once

#include <functional>
#include <span>

#include <ATen/ATen.h>

#include "base/rgb_image.h"
#include "engine/model/model_parts.h"

namespace imprint::engine {

// Holds the mean and deviation of every picture's latent distribution, and of its mirror image's
// (whose latents are not the mirrored latents). Immutable.
class LatentDataset {
 public:
  // Encodes the pictures, all of one size, a few at a time, and calls `on_work` after each few.
  // Throws LibTorch's errors.
  LatentDataset(const ModelParts& model, std::span<const RgbImage> pictures, bool with_flips,
                const std::function<void()>& on_work);

  int64_t size() const { return mean_.size(1); }
  at::IntArrayRef latent_shape() const { return mean_.sizes().slice(2); }

  // A picture, or its mirror image.
  struct Choice {
    int64_t picture;
    bool flipped;
  };
  // Samples latents [n, 4, h, w] from the chosen pictures' distributions, scaled as the UNet
  // expects them; `noise` has the same shape and is on the model's device.
  at::Tensor Sample(std::span<const Choice> choices, const at::Tensor& noise) const;

 private:
  double scale_;
  at::Tensor mean_;       // [1 or 2, pictures, 4, h, w]: as they are, then mirrored
  at::Tensor deviation_;  // same shape
};

}  // namespace imprint::engine
