#include "engine/sampling/emphasis.h"

#include <vector>

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

// Two chunks of three tokens, of width two.
at::Tensor Hidden() { return at::arange(1, 13, at::kFloat).view({2, 3, 2}); }

TEST(Emphasis, WithoutWeightsNothingIsTouched) {
  const at::Tensor hidden = Hidden();
  EXPECT_TRUE(Emphasize(hidden, std::vector<float>(6, 1)).is_same(hidden));
}

TEST(Emphasis, EveryChunkKeepsItsMean) {
  const at::Tensor hidden = Hidden();
  const std::vector<float> weights = {1, 2, 1, 1, 0.5, -1};
  const at::Tensor result = Emphasize(hidden, weights);
  EXPECT_TRUE(at::allclose(result.mean({1, 2}), hidden.mean({1, 2})));
  // 1 2 | 6 8 | 5 6 has mean 28/6; it was 21/6.
  EXPECT_NEAR(result[0][1][0].item<float>(), 6 * 21.0 / 28, 1e-5);
  EXPECT_NEAR(result[0][0][1].item<float>(), 2 * 21.0 / 28, 1e-5);
}

TEST(Emphasis, AChunkWithoutWeightsStaysAsItIs) {
  const at::Tensor hidden = Hidden();
  const at::Tensor result = Emphasize(hidden, std::vector<float>{1, 1, 1, 1, 1.5, 1});
  EXPECT_TRUE(result[0].equal(hidden[0]));
  EXPECT_FALSE(result[1].equal(hidden[1]));
}

}  // namespace
}  // namespace imprint::engine
