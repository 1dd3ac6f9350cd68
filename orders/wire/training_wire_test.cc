#include "orders/wire/training_wire.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "orders/example_settings.h"

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

TEST(RecipeWire, NonsenseIsNamedWithItsPlace) {
  v1::TrainingRecipe proto;
  proto.set_steps(0);
  EXPECT_THAT(ParseRecipe(proto, "spec.recipe."), RefusesNaming(Parts{"spec.recipe.steps: got 0"}));
  proto.set_steps(1);
  proto.set_schedule(static_cast<v1::LearningRateSchedule>(99));
  EXPECT_THAT(ParseRecipe(proto, "spec.recipe."),
              RefusesNaming(Parts{"spec.recipe.schedule: got 99", "constant or cosine"}));
}

v1::TrainingSpec Spec() {
  v1::TrainingSpec spec;
  spec.set_token("<rex>");
  spec.set_class_word("dog");
  return spec;
}

TEST(SettingsWire, WhatIsNotSetIsTheDefault) {
  ASSERT_OK_AND_ASSIGN(const TrainingSettings settings, ParseSettings(Spec(), "spec."));
  EXPECT_EQ(ToJson(settings),
            ToJson(TrainingSettings{.token = "<rex>",
                                    .class_word = "dog",
                                    .templates = DefaultTemplates(ConceptKind::kObject)}));
}

TEST(SettingsWire, EveryFieldArrivesThereAndBack) {
  const TrainingSettings settings = ExampleSettings();
  for (const auto& row : kTrainingFields) {
    const std::string name(row.name);
    ASSERT_NE(ToJson(settings)[name], ToJson(TrainingSettings())[name])
        << name << ": give it a value in orders/example_settings.h that is not the default";
  }
  v1::TrainingSpec spec;
  FillSettings(settings, nullptr, spec);
  ASSERT_OK_AND_ASSIGN(const TrainingSettings back, ParseSettings(spec, ""));
  EXPECT_EQ(ToJson(back), ToJson(settings));
}

TEST(SettingsWire, OnlyWhatIsGivenIsSent) {
  v1::TrainingSpec spec;
  FillSettings(
      {.size = 64, .checkpoint_every = 0, .recipe = {.steps = 9, .batch = 2}},
      [](absl::string_view row) { return row == "checkpoint_every" || row == "steps"; }, spec);
  EXPECT_EQ(spec.ShortDebugString(), "recipe { steps: 9 } checkpoint_every: 0");
}

TEST(SettingsWire, AZeroThatIsSetIsNoDefault) {
  v1::TrainingSpec spec = Spec();
  spec.set_checkpoint_every(0);
  EXPECT_EQ(ParseSettings(spec, "")->checkpoint_every, 0);
}

TEST(SettingsWire, TheKindSaysWhichTemplatesThereAreWithoutAny) {
  v1::TrainingSpec spec = Spec();
  spec.set_kind(v1::CONCEPT_KIND_STYLE);
  EXPECT_EQ(ParseSettings(spec, "")->templates, DefaultTemplates(ConceptKind::kStyle));
  spec.add_templates("{} in the snow");
  EXPECT_EQ(ParseSettings(spec, "")->templates, std::vector<std::string>{"{} in the snow"});
}

TEST(SettingsWire, NonsenseIsNamedWithItsPlace) {
  v1::TrainingSpec spec = Spec();
  spec.set_kind(static_cast<v1::ConceptKind>(77));
  EXPECT_THAT(ParseSettings(spec, "spec."),
              RefusesNaming(Parts{"spec.kind: got 77", "object or style"}));
  spec = Spec();
  spec.clear_token();
  EXPECT_THAT(ParseSettings(spec, "spec."), RefusesNaming(Parts{"spec.token: got none"}));
  spec = Spec();
  spec.mutable_recipe()->set_steps(0);
  EXPECT_THAT(ParseSettings(spec, "spec."), RefusesNaming(Parts{"spec.recipe.steps: got 0"}));
}

TEST(SettingsWire, FitsBothWays) {
  for (const SquareFit fit : {SquareFit::kCrop, SquareFit::kSquash}) {
    EXPECT_EQ(FromProto(ToProto(fit)), fit);
  }
  EXPECT_EQ(FromProto(v1::SQUARE_FIT_UNSPECIFIED), SquareFit::kCrop);
  EXPECT_EQ(FromProto(static_cast<v1::SquareFit>(9)), SquareFit::kCrop);
}

}  // namespace
}  // namespace imprint
