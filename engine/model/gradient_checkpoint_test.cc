#include "engine/model/gradient_checkpoint.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

namespace imprint::engine {
namespace {

using torch::autograd::grad;

TEST(Checkpointed, GivesTheSameNumbersThereAndBack) {
  const at::Tensor x = at::randn({5, 7}).requires_grad_(true);
  const at::Tensor y = at::randn({5, 7}).requires_grad_(true);
  const at::Tensor constant = at::randn({5, 7});
  const TensorWork work = [](std::span<const at::Tensor> in) {
    return (in[0] * in[1]).sin() * in[2] + in[0].exp();
  };
  const at::Tensor plain = work(std::vector{x, y, constant});
  const at::Tensor ours = Checkpointed(work, {x, y, constant});
  EXPECT_TRUE(ours.equal(plain));
  const auto wanted = grad({plain.square().sum()}, {x, y});
  const auto found = grad({ours.square().sum()}, {x, y});
  EXPECT_TRUE(found[0].equal(wanted[0]));
  EXPECT_TRUE(found[1].equal(wanted[1]));
}

TEST(Checkpointed, WorkIsDoneAgainOnTheWayBackAlone) {
  int done = 0;
  const TensorWork work = [&](std::span<const at::Tensor> in) {
    ++done;
    return in[0].sin();
  };
  const at::Tensor x = at::randn({3});
  EXPECT_FALSE(Checkpointed(work, {x}).requires_grad());
  EXPECT_EQ(done, 1);
  const at::Tensor variable = x.clone().requires_grad_(true);
  const at::Tensor out = Checkpointed(work, {variable});
  EXPECT_EQ(done, 2);
  grad({out.sum()}, {variable});
  EXPECT_EQ(done, 3);
}

TEST(Checkpointed, WhatTheWorkDoesNotReadHasNoGradient) {
  const at::Tensor x = at::randn({3}).requires_grad_(true);
  const at::Tensor unread = at::randn({3}).requires_grad_(true);
  const at::Tensor out =
      Checkpointed([](std::span<const at::Tensor> in) { return in[0].cos(); }, {x, unread});
  const auto found = grad({out.sum()}, {x, unread}, {}, std::nullopt, false, true);
  EXPECT_TRUE(found[0].equal(-x.sin()));
  EXPECT_FALSE(found[1].defined());
}

}  // namespace
}  // namespace imprint::engine
