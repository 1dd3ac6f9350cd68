// y = x W^T + b with frozen weights in the order in which oneDNN's kernels read them. LibTorch
// keeps them as they come, and goes through them again at every call; where x has few rows, that
// takes longer than the arithmetic.
#pragma once

#include <memory>

#include <ATen/ATen.h>

namespace imprint {

// Copies are cheap and share what was packed; calls may come from several threads. Weights that
// oneDNN does not pack (on another device, in a type that the processor lacks) stay as they are.
class PackedLinear {
 public:
  // `weight` [out, in]; `bias` [out] or undefined.
  PackedLinear(const at::Tensor& weight, const at::Tensor& bias);

  // x [..., in] -> [..., out]. Differentiable with respect to x; the first gradient packs the
  // transposed weights, too, so that teaching takes twice the memory of drawing.
  at::Tensor operator()(const at::Tensor& x) const;

  bool packed() const;
  // [out, in], unpacked into a copy.
  at::Tensor weight() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace imprint
