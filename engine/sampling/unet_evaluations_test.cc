// With the demo model, and graphs that do their work again.
#include "engine/sampling/unet_evaluations.h"

#include <filesystem>
#include <stdexcept>

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/cuda/graph_of_repetition.h"
#include "engine/model/model_parts.h"

namespace imprint::engine {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const BaseModel> Load() {
  return *BaseModel::Load(std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo");
}

class UnetEvaluationsTest : public ::testing::Test {
 protected:
  static at::Tensor Latents(int64_t count) { return at::randn({count, 4, 8, 8}); }
  static at::Tensor Timesteps(int64_t count) { return at::rand({count}) * 999; }
  BatchPrompts Prompts(int64_t count, int64_t tokens = 77) {
    const at::Tensor context = at::randn({count, tokens, model_->info().embedding_width});
    return {model_->parts().unet.KeysOf(context), ++versions_};
  }
  at::Tensor Plain(const at::Tensor& latents, const at::Tensor& timesteps,
                   const BatchPrompts& prompts) {
    return model_->parts().unet.Forward(latents, timesteps, prompts.keys);
  }

  const c10::InferenceMode no_autograd_;
  std::shared_ptr<const BaseModel> model_ = Load();
  int64_t versions_ = 0;
  int recorded_ = 0;
  UnetEvaluations evaluations_{GraphsOfRepetition(recorded_)};
};

TEST_F(UnetEvaluationsTest, AGraphGivesWhatTheNetworkGives) {
  BatchPrompts prompts = Prompts(2);
  for (int i = 0; i < 4; ++i) {
    if (i == 2) prompts = Prompts(2);
    const at::Tensor latents = Latents(2);
    const at::Tensor timesteps = Timesteps(2);
    EXPECT_TRUE(evaluations_.Evaluate(model_, latents, timesteps, prompts)
                    .equal(Plain(latents, timesteps, prompts)))
        << i;
  }
  EXPECT_EQ(recorded_, 1) << "recorded once";
}

TEST_F(UnetEvaluationsTest, AResultStaysAsItIs) {
  const BatchPrompts prompts = Prompts(1);
  const at::Tensor first = evaluations_.Evaluate(model_, Latents(1), Timesteps(1), prompts);
  const at::Tensor copy = first.clone();
  (void)evaluations_.Evaluate(model_, Latents(1), Timesteps(1), prompts);
  EXPECT_TRUE(first.equal(copy)) << "solvers keep some of them";
}

TEST_F(UnetEvaluationsTest, EachShapeHasItsOwnAndTheOldestGoes) {
  const auto evaluate = [&](int64_t count, int64_t tokens = 77) {
    const at::Tensor latents = Latents(count);
    const at::Tensor timesteps = Timesteps(count);
    const BatchPrompts prompts = Prompts(count, tokens);
    EXPECT_TRUE(evaluations_.Evaluate(model_, latents, timesteps, prompts)
                    .equal(Plain(latents, timesteps, prompts)));
  };
  evaluate(1);
  evaluate(1, 154);
  evaluate(2);
  evaluate(3);
  EXPECT_EQ(recorded_, 4);
  evaluate(1);
  evaluate(4);
  EXPECT_EQ(evaluations_.kept(), kMostGraphs);
  evaluate(1);
  EXPECT_EQ(recorded_, 5) << "used not long ago";
  evaluate(1, 154);
  EXPECT_EQ(recorded_, 6) << "had gone";
}

TEST_F(UnetEvaluationsTest, AGraphEndsWithItsModel) {
  const BatchPrompts prompts = Prompts(1);
  (void)evaluations_.Evaluate(model_, Latents(1), Timesteps(1), prompts);
  model_ = Load();
  (void)evaluations_.Evaluate(model_, Latents(1), Timesteps(1), prompts);
  EXPECT_EQ(recorded_, 2);
  EXPECT_EQ(evaluations_.kept(), 1U);
}

TEST_F(UnetEvaluationsTest, WhatCannotBeEvaluatedLeavesNothingBehind) {
  const BatchPrompts good = Prompts(1);
  BatchPrompts bad = good;
  bad.keys.pop_back();
  bad.keys.push_back(at::zeros({1, 77, 3}));
  const at::Tensor latents = Latents(1);
  const at::Tensor timesteps = Timesteps(1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_ANY_THROW((void)evaluations_.Evaluate(model_, latents, timesteps, bad));
  }
  EXPECT_EQ(evaluations_.kept(), 0U);
  EXPECT_FALSE(evaluations_.TakeFailure().empty());
  EXPECT_TRUE(evaluations_.Evaluate(model_, latents, timesteps, good)
                  .equal(Plain(latents, timesteps, good)));
}

TEST_F(UnetEvaluationsTest, ADriverThatDoesNotRecordIsNoLostDevice) {
  UnetEvaluations failing([](const std::function<void()>&) -> std::unique_ptr<DeviceGraph> {
    throw c10::AcceleratorError({__func__, __FILE__, __LINE__}, 900,
                                "CUDA error: operation not permitted when stream is capturing");
  });
  const BatchPrompts prompts = Prompts(1);
  const at::Tensor latents = Latents(1);
  const at::Tensor timesteps = Timesteps(1);
  EXPECT_TRUE(failing.Evaluate(model_, latents, timesteps, prompts)
                  .equal(Plain(latents, timesteps, prompts)));
  EXPECT_THAT(failing.TakeFailure(), HasSubstr("capturing"));
}

TEST_F(UnetEvaluationsTest, WithoutAGraphItIsEvaluatedAllTheSame) {
  UnetEvaluations plain(nullptr);
  int tried = 0;
  UnetEvaluations failing([&](const std::function<void()>&) -> std::unique_ptr<DeviceGraph> {
    ++tried;
    throw std::runtime_error("the driver is too old");
  });
  const BatchPrompts prompts = Prompts(1);
  for (int i = 0; i < 2; ++i) {
    const at::Tensor latents = Latents(1);
    const at::Tensor timesteps = Timesteps(1);
    const at::Tensor expected = Plain(latents, timesteps, prompts);
    EXPECT_TRUE(plain.Evaluate(model_, latents, timesteps, prompts).equal(expected));
    EXPECT_TRUE(failing.Evaluate(model_, latents, timesteps, prompts).equal(expected));
  }
  EXPECT_EQ(tried, 1);
  EXPECT_THAT(failing.TakeFailure(), HasSubstr("too old"));
  EXPECT_TRUE(failing.TakeFailure().empty()) << "said once";
  EXPECT_TRUE(plain.TakeFailure().empty());
}

}  // namespace
}  // namespace imprint::engine
