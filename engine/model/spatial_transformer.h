// The layers in which the picture reads the prompt: transformer blocks over the pixels of a feature
// map (Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models").
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "engine/model/attention.h"
#include "engine/model/layers.h"

namespace imprint::engine {

// Self-attention, cross-attention, gated feed-forward, each with a residual. [n, t, c] -> [n, t,
// c].
class TransformerBlock {
 public:
  TransformerBlock(const WeightScope& weights, int64_t channels, int64_t heads,
                   int64_t context_channels);
  // Returns what Forward takes of a prompt's hidden states [n, s, context].
  at::Tensor KeysOf(const at::Tensor& context) const {
    return cross_attention_.KeysAndValues(context);
  }
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& prompts) const;

 private:
  LayerNorm norm1_;
  SelfAttention self_attention_;
  LayerNorm norm2_;
  CrossAttention cross_attention_;
  LayerNorm norm3_;
  Linear feed_forward_in_;  // to value and gate (Shazeer 2020, "GLU Variants Improve Transformer")
  Linear feed_forward_out_;
};

// Runs transformer blocks over the pixels of a feature map [n, c, h, w] as a sequence, and returns
// a feature map.
class SpatialTransformer {
 public:
  struct Shape {
    int64_t channels;
    int64_t heads;
    int64_t groups;
    int64_t context_channels;
    int64_t blocks;
    // Stable Diffusion 2 projects with matrices, 1 with 1x1 convolutions: the same arithmetic under
    // weights of another shape.
    bool linear_projection;
  };
  SpatialTransformer(const WeightScope& weights, const Shape& shape);

  // Appends what each block reads of the prompts, in the order in which Forward takes it.
  void KeysOf(const at::Tensor& context, std::vector<at::Tensor>& prompts) const;
  // `prompts` holds what its blocks read, one entry each.
  at::Tensor Forward(const at::Tensor& x, std::span<const at::Tensor> prompts) const;
  size_t blocks() const { return blocks_.size(); }

 private:
  GroupNorm norm_;
  Linear project_in_;
  std::vector<TransformerBlock> blocks_;
  Linear project_out_;
};

}  // namespace imprint::engine
