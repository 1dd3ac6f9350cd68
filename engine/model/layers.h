// The smallest building blocks of every network here. Weights are frozen: none of them requires a
// gradient. All are immutable once built; Forward may run in several threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

#include "engine/kernels/frozen_convolution.h"
#include "engine/kernels/group_norm.h"
#include "engine/weights/weight_binder.h"

namespace imprint::engine {

// y = x W^T + b, on the last dimension.
class Linear {
 public:
  // The matrix's shape in the checkpoint: [out, in], or [out, in, 1, 1] for an equivalent
  // convolution.
  enum class Storage { kMatrix, kConv1x1 };

  Linear(const WeightScope& weights, int64_t in, int64_t out, bool bias = true);
  Linear(const WeightScope& weights, int64_t in, int64_t out, Storage storage);
  at::Tensor operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

 private:
  at::Tensor weight_;  // [out, in]
  at::Tensor bias_;    // [out] or undefined
};

// Several linear maps of the same input in one matrix product, with their outputs concatenated on
// the last dimension.
class FusedLinear {
 public:
  FusedLinear(const WeightScope& weights, const std::vector<std::string>& names, int64_t in,
              int64_t out_each, bool bias);
  at::Tensor operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

 private:
  at::Tensor weight_;  // [out, in]
  at::Tensor bias_;    // [out] or undefined
};

// 2-D convolution, [n, in, h, w] -> [n, out, h', w'], channels last in memory.
class Conv2d {
 public:
  struct Shape {
    int64_t kernel = 3;
    int64_t stride = 1;
    int64_t padding = 1;
    bool bias = true;
  };
  Conv2d(const WeightScope& weights, int64_t in, int64_t out) : Conv2d(weights, in, out, Shape()) {}
  Conv2d(const WeightScope& weights, int64_t in, int64_t out, const Shape& shape);
  at::Tensor operator()(const at::Tensor& x) const { return convolution_(x); }

 private:
  FrozenConvolution convolution_;
};

// Group normalisation over [n, c, h, w], alone or followed by SiLU.
class GroupNorm {
 public:
  GroupNorm(const WeightScope& weights, int64_t groups, int64_t channels, double epsilon);
  at::Tensor operator()(const at::Tensor& x) const {
    return NormalizeGroups(x, weights_, NormActivation::kNone);
  }
  at::Tensor Silu(const at::Tensor& x) const {
    return NormalizeGroups(x, weights_, NormActivation::kSilu);
  }

 private:
  GroupNormWeights weights_;
};

// Layer normalisation over the last dimension (Ba et al. 2016, "Layer Normalization").
class LayerNorm {
 public:
  LayerNorm(const WeightScope& weights, int64_t width, double epsilon = 1e-5);
  at::Tensor operator()(const at::Tensor& x) const {
    return at::layer_norm(x, {width_}, weight_, bias_, epsilon_);
  }

 private:
  int64_t width_;
  double epsilon_;
  at::Tensor weight_;
  at::Tensor bias_;
};

// The activations that CLIP's configurations name.
enum class Activation { kQuickGelu, kGelu };

// Parses "quick_gelu" (x * sigmoid(1.702 x)) or "gelu" (with the exact erf). `field` names it in
// errors.
absl::StatusOr<Activation> ParseActivation(absl::string_view field, absl::string_view name);

at::Tensor Activate(Activation activation, const at::Tensor& x);

}  // namespace imprint::engine
