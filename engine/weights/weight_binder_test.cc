#include "engine/weights/weight_binder.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using Parts = std::vector<std::string>;

WeightBinder Binder(NamedTensors tensors) {
  return WeightBinder(std::move(tensors), "unet/w.safetensors", WeightOptions());
}

TEST(WeightBinder, GivesWeightsByNameInTheComputeType) {
  WeightBinder binder = Binder({{"mid.resnets.0.conv1.weight", at::ones({2, 3}, at::kHalf)}});
  const WeightScope weights(binder);
  const at::Tensor weight = weights.In("mid").In("resnets", 0).In("conv1").Take("weight", {2, 3});
  EXPECT_EQ(weight.scalar_type(), at::kFloat);
  EXPECT_EQ(weight.sum().item<float>(), 6.0F);
  EXPECT_THAT(binder.Finish(), Succeeds());
}

TEST(WeightBinder, SaysEverythingThatIsWrongAtOnce) {
  WeightBinder binder = Binder({{"a", at::ones({2, 3})}, {"left.over", at::ones(1)}});
  const WeightScope weights(binder);
  EXPECT_EQ(weights.Take("a", {3, 2}).sizes(), at::IntArrayRef({3, 2}));
  EXPECT_EQ(weights.Take("b", {4}).sizes(), at::IntArrayRef({4}));
  EXPECT_THAT(binder.Finish(), RefusesNaming(Parts{"unet/w.safetensors", "1 tensors are missing: b",
                                                   "a (got [2, 3], expected [3, 2])",
                                                   "1 tensors are unexpected: left.over"}));
}

TEST(WeightBinder, WhatNoLayerWantsIsNoError) {
  WeightBinder binder = Binder({{"a", at::ones(3)}, {"embeddings.position_ids", at::ones(77)}});
  WeightScope(binder).Take("a", {3});
  EXPECT_THAT(binder.Finish(), Succeeds());
  EXPECT_EQ(binder.LeftOver(), Parts{"embeddings.position_ids"});
}

TEST(WeightBinder, TheModelsWeightsAreItsOwn) {
  const at::Tensor source = at::ones(3);
  WeightBinder binder = Binder({{"a", source}});
  WeightScope(binder).Take("a", {3}).fill_(7);
  EXPECT_EQ(source.sum().item<float>(), 3.0F);
}

}  // namespace
}  // namespace imprint::engine
