#include "engine/kernels/frozen_convolution.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

namespace imprint::engine {
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

struct Shape {
  int64_t in, out, kernel, stride, padding;
  bool bias = true;
};

TEST(FrozenConvolution, EqualsLibTorchThereAndBack) {
  for (const Shape& s :
       {// LibTorch's own.
        Shape{64, 32, 3, 1, 1}, Shape{4, 24, 3, 1, 1}, Shape{48, 48, 3, 2, 1}, Shape{7, 5, 3, 2, 0},
        // Maps of pixels.
        Shape{96, 40, 1, 1, 0}, Shape{8, 8, 1, 1, 0, false},
        // Maps of surroundings.
        Shape{1024, 512, 3, 1, 1}, Shape{512, 1024, 3, 2, 1}, Shape{512, 1024, 3, 2, 0, false},
        Shape{2048, 2048, 1, 2, 0}, Shape{512, 512, 5, 1, 2}}) {
    const at::Tensor weight = Random({s.out, s.in, s.kernel, s.kernel});
    const at::Tensor bias = s.bias ? Random({s.out}) : at::Tensor();
    const FrozenConvolution ours(weight, bias, s.stride, s.padding);
    for (const int64_t batch : {1, 3}) {
      const at::Tensor x = Random({batch, s.in, 5, 8}).requires_grad_(true);
      const at::Tensor out = ours(x);
      const at::Tensor theirs = at::conv2d(x, weight, bias, s.stride, s.padding);
      ASSERT_EQ(out.sizes(), theirs.sizes());
      EXPECT_LT(Difference(out, theirs), 1e-5) << s.in << " -> " << s.out;
      const at::Tensor along = Random(out.sizes());
      EXPECT_LT(Difference(GradientOf(out, x, along), GradientOf(theirs, x, along)), 1e-5)
          << s.in << " -> " << s.out << ", stride " << s.stride;
    }
  }
}

TEST(FrozenConvolution, KeepsNothingOfItsInput) {
  for (const int64_t channels : {8, 1024}) {  // LibTorch's own, and a map
    const FrozenConvolution convolution(Random({512, channels, 3, 3}), Random({512}), 1, 1);
    const at::Tensor variable = Random({1, channels, 4, 4}).requires_grad_(true);
    at::Tensor x = variable * 1;
    const c10::Storage storage = x.storage();
    const at::Tensor out = convolution(x);
    x = at::Tensor();
    EXPECT_EQ(storage.use_count(), 1) << channels << " channels";
    EXPECT_TRUE(GradientOf(out, variable, at::ones_like(out)).defined());
  }
}

TEST(FrozenConvolution, ASampleIsTheSameWhereverItStandsInABatch) {
  // What filled batches rely on, so that a picture is bit-equal whoever is beside it.
  const FrozenConvolution convolution(Random({512, 1024, 3, 3}), Random({512}), 1, 1);
  const at::Tensor x = Random({8, 1024, 4, 4});
  EXPECT_TRUE(convolution(x.flip(0)).equal(convolution(x).flip(0)));
}

TEST(FrozenConvolution, MapsLargerThanTheBufferAreDoneInStretches) {
  // 64 MB are 1820 rows of 3 x 3 x 1024 floats: two stretches.
  const at::Tensor weight = Random({512, 1024, 3, 3});
  const at::Tensor x = Random({2, 1024, 32, 33});
  EXPECT_LT(Difference(FrozenConvolution(weight, {}, 1, 1)(x), at::conv2d(x, weight, {}, 1, 1)),
            1e-5);
}

TEST(FrozenConvolution, AMapSmallerThanTheWindowIsAllEdge) {
  const at::Tensor weight = Random({512, 1024, 3, 3});
  const at::Tensor x = Random({1, 1024, 1, 1});
  EXPECT_LT(Difference(FrozenConvolution(weight, {}, 1, 1)(x), at::conv2d(x, weight, {}, 1, 1)),
            1e-5);
}

}  // namespace
}  // namespace imprint::engine
