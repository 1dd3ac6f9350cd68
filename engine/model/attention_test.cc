#include "engine/model/attention.h"

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

// Products of queries and keys reach 1.6 million here; fp16 ends at 65504.
TEST(MultiHeadAttention, HalfPrecisionTakesItsSoftmaxInFp32) {
  at::manual_seed(1);
  const at::Tensor q = (at::randn({2, 9, 64}) * 200).to(at::kHalf);
  const at::Tensor k = (at::randn({2, 7, 64}) * 200).to(at::kHalf);
  const at::Tensor v = at::randn({2, 7, 64}).to(at::kHalf);
  const at::Tensor ours = MultiHeadAttention(q, k, v, 2).to(at::kFloat);
  const at::Tensor full =
      MultiHeadAttention(q.to(at::kFloat), k.to(at::kFloat), v.to(at::kFloat), 2);
  EXPECT_TRUE(ours.isfinite().all().item<bool>());
  EXPECT_LT((ours - full).abs().max().item<double>(), 5e-3);
}

}  // namespace
}  // namespace imprint::engine
