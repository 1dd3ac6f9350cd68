// The classifier that ships with Stable Diffusion and looks for unwanted concepts in a picture
// (described by Rando et al. 2022, "Red-Teaming the Stable Diffusion Safety Filter").
#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "engine/model/clip_config.h"
#include "engine/model/clip_vision_encoder.h"
#include "engine/model/layers.h"
#include "engine/model/safety_scores.h"

namespace imprint::engine {

// Frozen; thread-safe.
class SafetyChecker {
 public:
  SafetyChecker(const WeightScope& weights, const ClipVisionConfig& config,
                int64_t projection_width, int64_t concepts, int64_t special_care);

  // Scores pictures as ClipPixels prepares them, [n, 3, size, size].
  std::vector<SafetyScores> Check(const at::Tensor& pixels) const;

  int64_t image_size() const { return vision_.image_size(); }

 private:
  ClipVisionEncoder vision_;
  Linear projection_;
  at::Tensor concepts_;            // [concepts, projection], unit length
  at::Tensor concept_thresholds_;  // [concepts]
  at::Tensor special_;
  at::Tensor special_thresholds_;
};

}  // namespace imprint::engine
