#include "engine/model/attention.h"

namespace imprint::engine {
namespace {

at::Tensor SplitHeads(const at::Tensor& x,
                      int64_t heads) {  // [n, t, c] -> [n, heads, t, c / heads]
  return x.unflatten(-1, {heads, -1}).transpose(1, 2);
}

}  // namespace

at::Tensor MultiHeadAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              int64_t heads, bool causal) {
  const at::Tensor attended =
      at::scaled_dot_product_attention(SplitHeads(q, heads), SplitHeads(k, heads),
                                       SplitHeads(v, heads), {}, /*dropout_p=*/0.0, causal);
  return attended.transpose(1, 2).flatten(2);
}

SelfAttention::SelfAttention(const WeightScope& weights, const AttentionNames& names,
                             const AttentionShape& shape)
    : heads_(shape.heads),
      query_key_value_(weights, {names.query, names.key, names.value}, shape.channels,
                       shape.channels, shape.bias),
      out_(weights.In(names.out), shape.channels, shape.channels) {}

at::Tensor SelfAttention::Forward(const at::Tensor& x, bool causal) const {
  const std::vector<at::Tensor> qkv = query_key_value_(x).chunk(3, -1);
  return out_(MultiHeadAttention(qkv[0], qkv[1], qkv[2], heads_, causal));
}

CrossAttention::CrossAttention(const WeightScope& weights, const AttentionNames& names,
                               const AttentionShape& shape, int64_t context_channels)
    : heads_(shape.heads),
      query_(weights.In(names.query), shape.channels, shape.channels, shape.bias),
      key_value_(weights, {names.key, names.value}, context_channels, shape.channels, shape.bias),
      out_(weights.In(names.out), shape.channels, shape.channels) {}

at::Tensor CrossAttention::Forward(const at::Tensor& x, const at::Tensor& keys_and_values) const {
  const std::vector<at::Tensor> kv = keys_and_values.chunk(2, -1);
  return out_(MultiHeadAttention(query_(x), kv[0], kv[1], heads_));
}

}  // namespace imprint::engine
