// The autoencoder between pixels and latents (Kingma & Welling 2014; Rombach et al. 2022).
#pragma once

#include <optional>
#include <vector>

#include <ATen/ATen.h>

#include "engine/model/attention.h"
#include "engine/model/layers.h"
#include "engine/model/resnet_block.h"
#include "engine/model/vae_config.h"

namespace imprint::engine {

// A diagonal Gaussian over latents, each [n, 4, h, w]; not scaled by scaling_factor.
struct LatentDistribution {
  at::Tensor mean;
  at::Tensor deviation;
};

// Resnet, attention over all positions with one head, resnet: the middle of encoder and decoder.
class VaeMiddle {
 public:
  VaeMiddle(const WeightScope& weights, int64_t channels, int64_t groups);
  at::Tensor Forward(const at::Tensor& x) const;

 private:
  ResnetBlock resnet1_;
  GroupNorm norm_;
  SelfAttention attention_;
  ResnetBlock resnet2_;
};

class VaeEncoder {
 public:
  VaeEncoder(const WeightScope& weights, const VaeConfig& config);

  // Encodes pixels [n, 3, h, w] in [-1, 1], with sides that are multiples of the factor, into a
  // distribution.
  LatentDistribution Forward(const at::Tensor& pixels) const;

 private:
  struct Stage {
    std::vector<ResnetBlock> resnets;
    std::optional<Conv2d> downsample;
  };
  at::ScalarType type_;
  Conv2d conv_in_;
  std::vector<Stage> stages_;
  VaeMiddle middle_;
  GroupNorm norm_out_;
  Conv2d conv_out_;
  std::optional<Conv2d> quant_;
};

class VaeDecoder {
 public:
  VaeDecoder(const WeightScope& weights, const VaeConfig& config);

  // Decodes latents [n, 4, h, w], not scaled, into pixels [n, 3, H, W], about [-1, 1].
  at::Tensor Forward(const at::Tensor& latents) const;

 private:
  struct Stage {
    std::vector<ResnetBlock> resnets;
    std::optional<Conv2d> upsample;
  };
  at::ScalarType type_;
  std::optional<Conv2d> post_quant_;
  Conv2d conv_in_;
  VaeMiddle middle_;
  std::vector<Stage> stages_;
  GroupNorm norm_out_;
  Conv2d conv_out_;
};

}  // namespace imprint::engine
