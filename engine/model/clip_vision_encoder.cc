#include "engine/model/clip_vision_encoder.h"

namespace imprint::engine {

ClipVisionEncoder::ClipVisionEncoder(const WeightScope& weights, const ClipVisionConfig& config)
    : config_(config),
      class_embedding_(weights.Take("embeddings.class_embedding", {config.tower.width})),
      patches_(
          weights.In("embeddings.patch_embedding"), 3, config.tower.width,
          {.kernel = config.patch_size, .stride = config.patch_size, .padding = 0, .bias = false}),
      position_table_(weights.Take(
          "embeddings.position_embedding.weight",
          {1 + (config.image_size / config.patch_size) * (config.image_size / config.patch_size),
           config.tower.width})),
      // The name is misspelt in transformers, and so in every checkpoint.
      pre_norm_(weights.In("pre_layrnorm"), config.tower.width, config.tower.epsilon),
      tower_(weights.In("encoder"), config.tower),
      post_norm_(weights.In("post_layernorm"), config.tower.width, config.tower.epsilon) {}

at::Tensor ClipVisionEncoder::Forward(const at::Tensor& pixels) const {
  const at::Tensor patches = patches_(pixels).flatten(2).transpose(1, 2);  // [n, patches, width]
  const at::Tensor classes = class_embedding_.expand({pixels.size(0), 1, -1});
  const at::Tensor hidden = pre_norm_(at::cat({classes, patches}, 1) + position_table_);
  // The class token's state alone, transformers' pooler_output.
  return post_norm_(tower_.Forward(hidden, /*causal=*/false).select(1, 0));
}

}  // namespace imprint::engine
