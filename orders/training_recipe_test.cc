#include "orders/training_recipe.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

TEST(TrainingRecipe, TheDefaultsMakeSense) { EXPECT_THAT(CheckRecipe({}), Succeeds()); }

TEST(TrainingRecipe, NonsenseIsRefusedByField) {
  using Change = std::function<void(TrainingRecipe&)>;
  for (const auto& [change, parts] : std::vector<std::pair<Change, Parts>>{
           {[](auto& r) { r.steps = 0; }, {"steps: got 0", "1 to 1000000"}},
           {[](auto& r) { r.steps = 1'000'000'000; }, {"steps: got 1000000000"}},
           {[](auto& r) { r.learning_rate = NAN; }, {"learning_rate: got nan"}},
           {[](auto& r) { r.learning_rate = -1e-3; }, {"learning_rate: got -0.001"}},
           {[](auto& r) { r.learning_rate = INFINITY; }, {"learning_rate: got inf"}},
           {[](auto& r) { r.batch = 0; }, {"batch: got 0"}},
           {[](auto& r) { r.batch = r.accumulation = 4096; }, {"batch x accumulation"}},
           {[](auto& r) { r.vectors = 76; }, {"vectors: got 76"}},
           {[](auto& r) { r.beta2 = 1; }, {"beta2: got 1"}},
           {[](auto& r) { r.epsilon = 0; }, {"epsilon: got 0"}},
           {[](auto& r) { r.weight_decay = NAN; }, {"weight_decay: got nan"}},
           {[](auto& r) { r.max_growth = 0.5; }, {"max_growth: got 0.5"}},
           {[](auto& r) { r.average = 1.5; }, {"average: got 1.5"}}}) {
    TrainingRecipe recipe;
    change(recipe);
    EXPECT_THAT(CheckRecipe(recipe), RefusesNaming(parts));
  }
}

TEST(TrainingRecipe, JsonKeepsEveryField) {
  TrainingRecipe recipe{.vectors = 3,
                        .steps = 7,
                        .batch = 2,
                        .accumulation = 5,
                        .learning_rate = 0.1234567890123,
                        .schedule = LearningRateSchedule::kCosine,
                        .beta1 = 0.8,
                        .beta2 = 0.98,
                        .epsilon = 1e-7,
                        .weight_decay = 0.02,
                        .max_growth = 3,
                        .average = 0.5,
                        .flip = false,
                        .seed = 12345678901234567890ULL};
  const std::string text = ToJson(recipe).dump();
  ASSERT_OK_AND_ASSIGN(const TrainingRecipe read,
                       RecipeFromJson(*JsonObject::Parse(text, "training.json")));
  EXPECT_EQ(ToJson(read).dump(), text);
  EXPECT_EQ(read.seed, recipe.seed);
}

TEST(TrainingRecipe, TheLastQuarterIsAveraged) {
  EXPECT_EQ(FirstAveragedStep({.steps = 200}), 150);
  EXPECT_EQ(FirstAveragedStep({.steps = 200, .average = 0}), 199);
  EXPECT_EQ(FirstAveragedStep({.steps = 200, .average = 1}), 0);
  EXPECT_EQ(FirstAveragedStep({.steps = 1}), 0);
}

TEST(LearningRate, ACosineFallsToItsFloor) {
  TrainingRecipe recipe{.steps = 100, .schedule = LearningRateSchedule::kCosine};
  EXPECT_DOUBLE_EQ(LearningRateFactor(recipe, 0), 1.0);
  EXPECT_NEAR(LearningRateFactor(recipe, 50), 0.525, 1e-9);
  EXPECT_LT(LearningRateFactor(recipe, 99), 0.06);
  EXPECT_GT(LearningRateFactor(recipe, 99), 0.049);
  recipe.schedule = LearningRateSchedule::kConstant;
  EXPECT_DOUBLE_EQ(LearningRateFactor(recipe, 99), 1.0);
}

}  // namespace
}  // namespace imprint
