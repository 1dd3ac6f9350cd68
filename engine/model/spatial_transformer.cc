#include "engine/model/spatial_transformer.h"

namespace imprint::engine {
namespace {

// Diffusers' Transformer2DModel; the resnets around it have the configuration's, 1e-5.
constexpr double kNormEpsilon = 1e-6;
constexpr int64_t kFeedForwardFactor = 4;

const AttentionNames& Names() {
  static const auto* const names = new AttentionNames{"to_q", "to_k", "to_v", "to_out.0"};
  return *names;
}

}  // namespace

TransformerBlock::TransformerBlock(const WeightScope& weights, int64_t channels, int64_t heads,
                                   int64_t context_channels)
    : norm1_(weights.In("norm1"), channels),
      self_attention_(weights.In("attn1"), Names(), {channels, heads, /*bias=*/false}),
      norm2_(weights.In("norm2"), channels),
      cross_attention_(weights.In("attn2"), Names(), {channels, heads, /*bias=*/false},
                       context_channels),
      norm3_(weights.In("norm3"), channels),
      feed_forward_in_(weights.In("ff.net.0.proj"), channels, 2 * kFeedForwardFactor * channels),
      feed_forward_out_(weights.In("ff.net.2"), kFeedForwardFactor * channels, channels) {}

at::Tensor TransformerBlock::Forward(const at::Tensor& x, const at::Tensor& prompts) const {
  at::Tensor h = x + self_attention_.Forward(norm1_(x));
  h = h + cross_attention_.Forward(norm2_(h), prompts);
  // GEGLU, [n, t, 4 c] each: the value is the first half, and gelu has the exact erf.
  const std::vector<at::Tensor> value_gate = feed_forward_in_(norm3_(h)).chunk(2, -1);
  return h + feed_forward_out_(value_gate[0] * at::gelu(value_gate[1]));
}

SpatialTransformer::SpatialTransformer(const WeightScope& weights, const Shape& shape)
    : norm_(weights.In("norm"), shape.groups, shape.channels, kNormEpsilon),
      project_in_(weights.In("proj_in"), shape.channels, shape.channels,
                  shape.linear_projection ? Linear::Storage::kMatrix : Linear::Storage::kConv1x1),
      project_out_(weights.In("proj_out"), shape.channels, shape.channels,
                   shape.linear_projection ? Linear::Storage::kMatrix : Linear::Storage::kConv1x1) {
  for (int64_t i = 0; i < shape.blocks; ++i) {
    blocks_.emplace_back(weights.In("transformer_blocks", i), shape.channels, shape.heads,
                         shape.context_channels);
  }
}

void SpatialTransformer::KeysOf(const at::Tensor& context, std::vector<at::Tensor>& prompts) const {
  for (const TransformerBlock& block : blocks_) prompts.push_back(block.KeysOf(context));
}

at::Tensor SpatialTransformer::Forward(const at::Tensor& x,
                                       std::span<const at::Tensor> prompts) const {
  // Channels last in memory: pixels as a sequence cost no copy.
  at::Tensor h = norm_(x).permute({0, 2, 3, 1}).flatten(1, 2);  // [n, h * w, c]
  h = project_in_(h);
  for (size_t i = 0; i < blocks_.size(); ++i) h = blocks_[i].Forward(h, prompts[i]);
  h = project_out_(h);
  return x + h.unflatten(1, {x.size(2), x.size(3)}).permute({0, 3, 1, 2});
}

}  // namespace imprint::engine
