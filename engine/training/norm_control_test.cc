#include "engine/training/norm_control.h"

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

TEST(LimitNorms, ShortensOnlyWhatIsTooLong) {
  const at::Tensor first = at::tensor({3.0F, 4.0F, 0.0F, 1.0F}).view({2, 2});  // lengths 5 and 1
  const at::Tensor limits = NormLimits(first, 2.0);
  at::Tensor rows = at::tensor({30.0F, 40.0F, 0.6F, 0.8F}).view({2, 2});
  LimitNorms(limits, rows);
  EXPECT_TRUE(at::allclose(rows, at::tensor({6.0F, 8.0F, 0.6F, 0.8F}).view({2, 2})));
}

TEST(LimitNorms, NoLimitIsNoLimit) {
  at::Tensor rows = at::full({1, 2}, 1e6F);
  LimitNorms(NormLimits(at::ones({1, 2}), 0), rows);
  EXPECT_EQ(rows[0][0].item<float>(), 1e6F);
}

}  // namespace
}  // namespace imprint::engine
