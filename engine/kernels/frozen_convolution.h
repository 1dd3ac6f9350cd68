// 2-D convolution with frozen weights, computed in the way that suits their size.
#pragma once

#include <cstdint>
#include <memory>

#include <ATen/ATen.h>

namespace imprint::engine {

// Maps [n, in, h, w] to [n, out, h', w'], channels last in memory; weights [out, in, k, k]. There
// are two ways, chosen once:
// - Large weights: each pixel's surroundings become a row, and one matrix product does the rest
//   (Chellapilla et al. 2006, "im2col"). LibTorch's convolution would reorder the weights at every
//   call, which takes longer than the arithmetic on the small maps that they are used on.
// - All others: LibTorch's convolution.
// Copies are cheap; calls may come from several threads. Differentiable with respect to x, of which
// nothing is kept: frozen weights have no gradient to compute from it. The first gradient flips and
// transposes large weights for the backward pass, and keeps both versions.
class FrozenConvolution {
 public:
  // `bias` is [out] or undefined.
  FrozenConvolution(const at::Tensor& weight, const at::Tensor& bias, int64_t stride,
                    int64_t padding);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  struct State;
  class Return;
  std::shared_ptr<State> state_;
};

}  // namespace imprint::engine
