// The residual convolution block of UNet and VAE (He et al. 2016; Ho et al. 2020 for the time
// input).
#pragma once

#include <cstdint>
#include <optional>

#include <ATen/ATen.h>

#include "engine/model/layers.h"

namespace imprint::engine {

// Maps [n, in, h, w] to [n, out, h, w].
class ResnetBlock {
 public:
  struct Shape {
    int64_t in;
    int64_t out;
    int64_t groups;
    double epsilon;
    // Width of the time embedding; none in the VAE.
    std::optional<int64_t> time;
  };
  ResnetBlock(const WeightScope& weights, const Shape& shape);

  // `time` [n, time] has already passed its activation; undefined where the block takes none.
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& time = {}) const;

 private:
  GroupNorm norm1_;
  Conv2d conv1_;
  std::optional<Linear> time_projection_;
  GroupNorm norm2_;
  Conv2d conv2_;
  std::optional<Conv2d> shortcut_;
};

}  // namespace imprint::engine
