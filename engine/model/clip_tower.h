// The transformer that CLIP's text and vision encoders share (Radford et al. 2021).
#pragma once

#include <cstddef>
#include <vector>

#include <ATen/ATen.h>

#include "engine/model/attention.h"
#include "engine/model/clip_config.h"
#include "engine/model/layers.h"

namespace imprint::engine {

// A stack of pre-norm transformer layers, [n, t, width] -> [n, t, width].
class ClipTower {
 public:
  ClipTower(const WeightScope& weights, const ClipTowerConfig& config);

  // Runs all layers but the last `skipped`.
  at::Tensor Forward(at::Tensor hidden, bool causal, size_t skipped = 0) const;

 private:
  struct Layer {
    LayerNorm norm1;
    SelfAttention attention;
    LayerNorm norm2;
    Linear expand;
    Linear contract;
  };
  Activation activation_;
  std::vector<Layer> layers_;
};

}  // namespace imprint::engine
