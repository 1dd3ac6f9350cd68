#include "orders/wire/recipe_wire.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

TEST(RecipeWire, WhatIsNotSetIsTheDefault) {
  ASSERT_OK_AND_ASSIGN(const TrainingRecipe recipe, ParseRecipe({}, "spec.recipe."));
  EXPECT_EQ(ToJson(recipe), ToJson(TrainingRecipe()));
}

TEST(RecipeWire, EveryNumberArrivesThereAndBack) {
  const TrainingRecipe recipe = {.vectors = 2,
                                 .steps = 3,
                                 .batch = 5,
                                 .accumulation = 6,
                                 .learning_rate = 0.7,
                                 .schedule = LearningRateSchedule::kCosine,
                                 .beta1 = 0.11,
                                 .beta2 = 0.12,
                                 .epsilon = 0.13,
                                 .weight_decay = 0.14,
                                 .max_growth = 15,
                                 .average = 0.16,
                                 .flip = false,
                                 .seed = ~0ULL};
  for (const auto& row : kRecipeFields) {
    const std::string name(row.name);
    ASSERT_NE(ToJson(recipe)[name], ToJson(TrainingRecipe())[name])
        << name << ": give it a value here that is not the default";
  }
  ASSERT_OK_AND_ASSIGN(const TrainingRecipe back, ParseRecipe(ToProto(recipe), ""));
  EXPECT_EQ(ToJson(back), ToJson(recipe));
}

TEST(RecipeWire, AZeroThatIsSetIsNoDefault) {
  v1::TrainingRecipe proto;
  proto.set_average(0);
  proto.set_flip(false);
  ASSERT_OK_AND_ASSIGN(const TrainingRecipe recipe, ParseRecipe(proto, ""));
  EXPECT_EQ(recipe.average, 0);
  EXPECT_FALSE(recipe.flip);
}

TEST(RecipeWire, OnlyWhatIsGivenIsSent) {
  const v1::TrainingRecipe proto =
      ToProto({.steps = 9}, [](const auto& field) { return field.name == "steps"; });
  EXPECT_EQ(proto.ShortDebugString(), "steps: 9");
}

TEST(RecipeWire, NonsenseIsNamedWithItsPlace) {
  v1::TrainingRecipe proto;
  proto.set_steps(0);
  EXPECT_THAT(ParseRecipe(proto, "spec.recipe."), RefusesNaming(Parts{"spec.recipe.steps: got 0"}));
  proto.set_steps(1);
  proto.set_schedule(static_cast<v1::LearningRateSchedule>(99));
  EXPECT_THAT(ParseRecipe(proto, "spec.recipe."),
              RefusesNaming(Parts{"spec.recipe.schedule: got 99", "constant or cosine"}));
}

}  // namespace
}  // namespace imprint
