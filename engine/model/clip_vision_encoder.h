// CLIP's vision tower (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words"; Radford et al.
// 2021).
#pragma once

#include <ATen/ATen.h>

#include "engine/model/clip_config.h"
#include "engine/model/clip_tower.h"
#include "engine/model/layers.h"

namespace imprint::engine {

// Frozen; thread-safe.
class ClipVisionEncoder {
 public:
  ClipVisionEncoder(const WeightScope& weights, const ClipVisionConfig& config);

  // Encodes normalised pixels [n, 3, size, size] into the pooled feature [n, width].
  at::Tensor Forward(const at::Tensor& pixels) const;

  int64_t image_size() const { return config_.image_size; }

 private:
  ClipVisionConfig config_;
  at::Tensor class_embedding_;  // [width]
  Conv2d patches_;
  at::Tensor position_table_;  // [1 + patches, width]
  LayerNorm pre_norm_;
  ClipTower tower_;
  LayerNorm post_norm_;
};

}  // namespace imprint::engine
