#include "engine/kernels/group_norm.h"

#include <tuple>

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

namespace imprint::engine {
namespace {

GroupNormWeights Weights(int64_t groups, int64_t channels) {
  return {groups, 1e-5, at::rand({channels}) + 0.5, at::randn({channels})};
}

// LibTorch in fp64. Its fp32 kernel loses digits where the mean is far from zero; ours must not.
at::Tensor Reference(const at::Tensor& x, const GroupNormWeights& weights,
                     NormActivation activation) {
  const at::Tensor normalized =
      at::group_norm(x.to(at::kDouble), weights.groups, weights.scale.to(at::kDouble),
                     weights.shift.to(at::kDouble), weights.epsilon);
  return activation == NormActivation::kSilu ? at::silu(normalized) : normalized;
}

double RelativeError(const at::Tensor& ours, const at::Tensor& theirs) {
  return ((ours - theirs).abs().max() / theirs.abs().max()).item<double>();
}

// n, c, h, w, groups: odd sizes, one sample for several threads, one group, one channel a group.
using Shape = std::tuple<int, int, int, int, int>;
class NormalizeGroupsOf : public ::testing::TestWithParam<Shape> {};

TEST_P(NormalizeGroupsOf, IsExactForwardAndBackward) {
  at::manual_seed(1);
  const auto [n, c, h, w, groups] = GetParam();
  const GroupNormWeights weights = Weights(groups, c);
  for (const NormActivation activation : {NormActivation::kNone, NormActivation::kSilu}) {
    const at::Tensor x = (at::randn({n, c, h, w}) * 3 + 50)
                             .contiguous(at::MemoryFormat::ChannelsLast)
                             .requires_grad_(true);
    const at::Tensor direction = at::randn({n, c, h, w});
    const at::Tensor theirs = Reference(x, weights, activation);
    const at::Tensor their_gradient =
        torch::autograd::grad({theirs}, {x}, {direction.to(at::kDouble)})[0];
    // Fewer threads than groups, a number that divides nothing, more than there are samples.
    for (const int threads : {1, 3, 5}) {
      at::set_num_threads(threads);
      const at::Tensor ours = NormalizeGroups(x, weights, activation);
      EXPECT_LT(RelativeError(ours, theirs), 2e-5) << threads << " threads";
      const at::Tensor our_gradient = torch::autograd::grad({ours}, {x}, {direction})[0];
      EXPECT_LT(RelativeError(our_gradient, their_gradient), 2e-5) << threads << " threads";
    }
    at::set_num_threads(1);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, NormalizeGroupsOf,
                         ::testing::Values(Shape{4, 64, 16, 16, 16}, Shape{1, 320, 9, 7, 32},
                                           Shape{3, 24, 5, 5, 8}, Shape{1, 6, 1, 1, 1},
                                           Shape{2, 10, 3, 130, 10}, Shape{1, 128, 64, 64, 2}));

TEST(NormalizeGroups, TakesAnyMemoryLayout) {
  const GroupNormWeights weights = Weights(4, 8);
  const at::Tensor x = at::randn({2, 8, 6, 6});
  EXPECT_LT(RelativeError(NormalizeGroups(x, weights, NormActivation::kSilu),
                          Reference(x, weights, NormActivation::kSilu)),
            1e-5);
  EXPECT_LT(RelativeError(NormalizeGroups(x.transpose(2, 3), weights, NormActivation::kSilu),
                          Reference(x.transpose(2, 3), weights, NormActivation::kSilu)),
            1e-5);
}

TEST(NormalizeGroups, OtherTypesGoThroughLibTorch) {
  GroupNormWeights weights = Weights(4, 8);
  weights.scale = weights.scale.to(at::kDouble);
  weights.shift = weights.shift.to(at::kDouble);
  const at::Tensor x = at::randn({2, 8, 6, 6}, at::kDouble);
  EXPECT_TRUE(at::allclose(NormalizeGroups(x, weights, NormActivation::kSilu),
                           Reference(x, weights, NormActivation::kSilu)));
}

TEST(NormalizeGroups, ExtremeValuesStayFinite) {
  const GroupNormWeights weights = {1, 1e-5, at::full({4}, 1e4F), at::zeros({4})};
  const at::Tensor out = NormalizeGroups(at::randn({1, 4, 8, 8}), weights, NormActivation::kSilu);
  EXPECT_TRUE(at::isfinite(out).all().item<bool>());
  EXPECT_GE(out.min().item<float>(), -0.3F);  // the least value of SiLU
}

// Squares of these, and their sum, are far beyond what fp16 holds.
TEST(NormalizeGroups, HalfPrecisionTakesItsMeansInFp32) {
  at::manual_seed(1);
  const GroupNormWeights weights = Weights(4, 32);
  const GroupNormWeights half = {4, 1e-5, weights.scale.to(at::kHalf), weights.shift.to(at::kHalf)};
  const at::Tensor x =
      (at::randn({2, 32, 8, 8}) * 1000).contiguous(at::MemoryFormat::ChannelsLast).to(at::kHalf);
  const at::Tensor ours = NormalizeGroups(x, half, NormActivation::kSilu);
  EXPECT_EQ(ours.scalar_type(), at::kHalf);
  EXPECT_TRUE(ours.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_LT(RelativeError(ours, Reference(x, weights, NormActivation::kSilu)), 2e-3);
}

}  // namespace
}  // namespace imprint::engine
