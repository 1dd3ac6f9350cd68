// Multi-head attention (Vaswani et al. 2017, "Attention Is All You Need").
#pragma once

#include <ATen/ATen.h>

#include "engine/model/layers.h"

namespace imprint::engine {

// Returns softmax(q k^T / sqrt(d)) v for each head. q [n, t, c], k and v [n, s, c] -> [n, t, c];
// every head has c / heads channels. `causal`: position t sees only positions up to t.
at::Tensor MultiHeadAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              int64_t heads, bool causal = false);

// The names of an attention's weights, which differ between the networks; the arithmetic does not.
struct AttentionNames {
  std::string query, key, value, out;
};

struct AttentionShape {
  int64_t channels;
  int64_t heads;
  // Whether query, key and value have biases; the output always has one.
  bool bias;
};

// Attends from a sequence [n, t, c] to itself.
class SelfAttention {
 public:
  SelfAttention(const WeightScope& weights, const AttentionNames& names,
                const AttentionShape& shape);
  at::Tensor Forward(const at::Tensor& x, bool causal = false) const;

 private:
  int64_t heads_;
  FusedLinear query_key_value_;
  Linear out_;
};

// Attends from a sequence [n, t, c] to another [n, s, context]: from pixels to a prompt's tokens.
class CrossAttention {
 public:
  CrossAttention(const WeightScope& weights, const AttentionNames& names,
                 const AttentionShape& shape, int64_t context_channels);

  // Returns the other sequence's keys and values, concatenated: [n, s, 2 c]. They depend on nothing
  // else, so that a caller that attends to it many times computes them once.
  at::Tensor KeysAndValues(const at::Tensor& context) const { return key_value_(context); }
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& keys_and_values) const;

 private:
  int64_t heads_;
  Linear query_;
  FusedLinear key_value_;
  Linear out_;
};

}  // namespace imprint::engine
