#include "engine/kernels/packed_linear.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

namespace imprint {
namespace {

at::Tensor Random(at::IntArrayRef shape) {
  return at::randn(shape, at::device(at::kCPU).dtype(at::kFloat));
}

double Difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

at::Tensor GradientOf(const at::Tensor& out, const at::Tensor& x, const at::Tensor& weights) {
  return torch::autograd::grad({(out * weights).sum()}, {x})[0];
}

TEST(PackedLinear, EqualsLibTorchThereAndBack) {
  using Sides = std::pair<int64_t, int64_t>;
  for (const auto& [in, out] : {Sides{64, 96}, Sides{7, 5}, Sides{320, 24}}) {
    const at::Tensor weight = Random({out, in});
    for (const at::Tensor& bias : {Random({out}), at::Tensor()}) {
      const PackedLinear packed(weight, bias);
      for (const auto& shape : {std::vector<int64_t>{1, in}, std::vector<int64_t>{2, 33, in}}) {
        const at::Tensor x = Random(shape).requires_grad_(true);
        const at::Tensor ours = packed(x);
        const at::Tensor theirs = at::linear(x, weight, bias);
        ASSERT_EQ(ours.sizes(), theirs.sizes());
        EXPECT_LT(Difference(ours, theirs), 1e-5);
        const at::Tensor along = Random(ours.sizes());
        EXPECT_LT(Difference(GradientOf(ours, x, along), GradientOf(theirs, x, along)), 1e-5);
      }
    }
  }
}

TEST(PackedLinear, SlicesAreRead) {
  const at::Tensor weight = Random({6, 8});
  const at::Tensor x = Random({3, 5, 16}).narrow(-1, 4, 8);
  EXPECT_LT(Difference(PackedLinear(weight, {})(x), at::linear(x, weight)), 1e-5);
}

TEST(PackedLinear, GivesItsWeightBack) {
  const at::Tensor weight = Random({320, 77});
  const PackedLinear linear(weight, {});
  EXPECT_TRUE(linear.packed());
  EXPECT_TRUE(linear.weight().equal(weight));
}

TEST(PackedLinear, InferenceFirstDoesNotSpoilGradients) {
  const at::Tensor weight = Random({4, 8});
  at::Tensor x = Random({3, 8});
  PackedLinear packed = [&] {
    const c10::InferenceMode no_autograd;
    PackedLinear made(weight, {});
    made(x);
    return made;
  }();
  x.requires_grad_(true);
  EXPECT_LT(Difference(GradientOf(packed(x), x, at::ones({3, 4})), at::ones({3, 4}).matmul(weight)),
            1e-5);
}

TEST(PackedLinear, NoGradientIsComputedThatNobodyAskedFor) {
  const PackedLinear packed(Random({4, 8}), {});
  EXPECT_FALSE(packed(Random({3, 8})).requires_grad());
  const c10::NoGradGuard none;
  EXPECT_FALSE(packed(Random({3, 8}).requires_grad_(true)).requires_grad());
}

}  // namespace
}  // namespace imprint
