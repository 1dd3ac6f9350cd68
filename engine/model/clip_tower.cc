#include "engine/model/clip_tower.h"

#include <span>
#include <utility>

namespace imprint::engine {

ClipTower::ClipTower(const WeightScope& weights, const ClipTowerConfig& config)
    : activation_(config.activation) {
  const AttentionNames names = {"q_proj", "k_proj", "v_proj", "out_proj"};
  for (int64_t i = 0; i < config.layers; ++i) {
    const WeightScope layer = weights.In("layers", i);
    layers_.push_back(
        {LayerNorm(layer.In("layer_norm1"), config.width, config.epsilon),
         SelfAttention(layer.In("self_attn"), names, {config.width, config.heads, /*bias=*/true}),
         LayerNorm(layer.In("layer_norm2"), config.width, config.epsilon),
         Linear(layer.In("mlp.fc1"), config.width, config.intermediate),
         Linear(layer.In("mlp.fc2"), config.intermediate, config.width)});
  }
}

at::Tensor ClipTower::Forward(at::Tensor hidden, bool causal, size_t skipped) const {
  for (const Layer& layer : std::span(layers_).first(layers_.size() - skipped)) {
    hidden = hidden + layer.attention.Forward(layer.norm1(hidden), causal);
    const at::Tensor expanded = Activate(activation_, layer.expand(layer.norm2(hidden)));
    hidden = hidden + layer.contract(expanded);
  }
  return hidden;
}

}  // namespace imprint::engine
