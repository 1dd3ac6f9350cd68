#include "engine/training/adamw.h"

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

// tests/parity holds 20 steps against torch.optim.AdamW; here is the paper's first step by hand.
TEST(AdamW, TheFirstStepHasTheLengthOfTheLearningRate) {
  TrainingRecipe recipe;
  recipe.weight_decay = 0;
  AdamWState state = InitialState(at::tensor({1.0F, -2.0F}).view({1, 2}));
  AdamWStep(recipe, 0.1, at::tensor({3.0F, -0.001F}).view({1, 2}), state);
  EXPECT_NEAR(state.rows[0][0].item<float>(), 0.9F, 1e-5);
  EXPECT_NEAR(state.rows[0][1].item<float>(), -1.9F, 1e-4);
  EXPECT_EQ(state.step, 1);
}

TEST(AdamW, WeightDecayShrinksWithoutAGradient) {
  TrainingRecipe recipe;
  recipe.weight_decay = 0.5;
  AdamWState state = InitialState(at::ones({1, 4}));
  AdamWStep(recipe, 0.1, at::zeros({1, 4}), state);
  EXPECT_NEAR(state.rows[0][0].item<float>(), 0.95F, 1e-6);
}

TEST(AdamW, TheStateIsItsOwn) {
  const at::Tensor rows = at::ones({1, 4});
  AdamWState state = InitialState(rows);
  AdamWStep(TrainingRecipe(), 0.1, at::ones({1, 4}), state);
  EXPECT_EQ(rows.sum().item<float>(), 4.0F);
}

}  // namespace
}  // namespace imprint::engine
