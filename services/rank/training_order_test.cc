#include "services/rank/training_order.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "text/training_templates.h"

namespace imprint::rank {
namespace {

using Parts = std::vector<std::string>;

v1::TrainingSpec Spec() {
  v1::TrainingSpec spec;
  spec.set_token("<rex>");
  spec.set_class_word("dog");
  return spec;
}

TEST(TrainingOrder, WhatIsNotSaidIsTheEnginesDefault) {
  ASSERT_OK_AND_ASSIGN(const TrainingOrder order, ParseTrainingSpec(Spec()));
  EXPECT_EQ(ToJson(order.recipe), ToJson(TrainingRecipe()));
  EXPECT_EQ(order.templates, DefaultTemplates(ConceptKind::kObject));
  EXPECT_EQ(order.size, 0);
  EXPECT_EQ(order.fit, v1::SQUARE_FIT_CROP);
  EXPECT_EQ(order.checkpoint_every, 50);
}

TEST(TrainingOrder, EveryNumberOfTheRecipeArrives) {
  v1::TrainingSpec spec = Spec();
  v1::TrainingRecipe& given = *spec.mutable_recipe();
  given.set_vectors(2);
  given.set_steps(3);
  given.set_batch(5);
  given.set_accumulation(6);
  given.set_learning_rate(0.7);
  given.set_schedule(v1::LEARNING_RATE_SCHEDULE_COSINE);
  given.set_beta1(0.11);
  given.set_beta2(0.12);
  given.set_epsilon(0.13);
  given.set_weight_decay(0.14);
  given.set_max_growth(15);
  given.set_average(0.16);
  given.set_flip(false);
  given.set_seed(~0ULL);
  ASSERT_OK_AND_ASSIGN(const TrainingOrder order, ParseTrainingSpec(spec));
  const TrainingRecipe expected = {.vectors = 2,
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
  EXPECT_EQ(ToJson(order.recipe), ToJson(expected));
}

TEST(TrainingOrder, ThePrecisionIsWhatTheJobWasAdmittedWith) {
  v1::TrainingSpec spec = Spec();
  EXPECT_EQ(ParseTrainingSpec(spec)->precision, Precision::kFp32) << "of an older gateway";
  spec.set_precision("bf16");
  EXPECT_EQ(ParseTrainingSpec(spec)->precision, Precision::kBf16);
  spec.set_precision("auto");
  EXPECT_THAT(ParseTrainingSpec(spec), RefusesNaming(Parts{"spec.precision", "auto"}));
}

TEST(TrainingOrder, ZeroIsAValueAndNotAnAbsence) {
  v1::TrainingSpec spec = Spec();
  spec.mutable_recipe()->set_average(0);
  spec.mutable_recipe()->set_max_growth(0);
  ASSERT_OK_AND_ASSIGN(const TrainingOrder order, ParseTrainingSpec(spec));
  EXPECT_EQ(order.recipe.average, 0);
  EXPECT_EQ(order.recipe.max_growth, 0);
  spec.mutable_recipe()->set_steps(0);
  EXPECT_THAT(ParseTrainingSpec(spec), RefusesNaming(Parts{"steps", "0"}));
}

TEST(TrainingOrder, OwnCaptionsReplaceOurs) {
  v1::TrainingSpec spec = Spec();
  spec.add_templates("{} in the snow");
  spec.set_kind(v1::CONCEPT_KIND_STYLE);
  ASSERT_OK_AND_ASSIGN(const TrainingOrder order, ParseTrainingSpec(spec));
  EXPECT_THAT(order.templates, ::testing::ElementsAre("{} in the snow"));
  spec.clear_templates();
  EXPECT_EQ(ParseTrainingSpec(spec)->templates, DefaultTemplates(ConceptKind::kStyle));
}

TEST(TrainingOrder, WhatMakesNoSenseIsNamed) {
  const auto refuses = [](const auto& change) {
    v1::TrainingSpec spec = Spec();
    change(spec);
    return ParseTrainingSpec(spec);
  };
  EXPECT_THAT(refuses([](auto& s) { s.clear_token(); }), RefusesNaming(Parts{"spec.token"}));
  EXPECT_THAT(refuses([](auto& s) { s.clear_class_word(); }),
              RefusesNaming(Parts{"spec.class_word"}));
  EXPECT_THAT(refuses([](auto& s) { s.add_templates("no place"); }),
              RefusesNaming(Parts{"spec.templates", "no place"}));
  EXPECT_THAT(refuses([](auto& s) { s.add_templates("{} {}"); }),
              RefusesNaming(Parts{"spec.templates"}));
  EXPECT_THAT(refuses([](auto& s) { s.set_size(-1); }), RefusesNaming(Parts{"spec.size", "-1"}));
  EXPECT_THAT(refuses([](auto& s) { s.set_checkpoint_every(-5); }),
              RefusesNaming(Parts{"spec.checkpoint_every", "-5"}));
  EXPECT_THAT(refuses([](auto& s) { s.set_kind(static_cast<v1::ConceptKind>(77)); }),
              RefusesNaming(Parts{"spec.kind", "77"}));
}

TEST(TrainingOrder, TheSizeIsTheModelsUnlessOneIsGiven) {
  const engine::BaseModelInfo model = {.picture_size = 64, .size_multiple = 8};
  TrainingOrder order;
  EXPECT_EQ(*TrainingSize(order, model), 64);
  order.size = 128;
  EXPECT_EQ(*TrainingSize(order, model), 128);
  order.size = 100;
  EXPECT_THAT(TrainingSize(order, model), RefusesNaming(Parts{"spec.size", "100", "8"}));
}

}  // namespace
}  // namespace imprint::rank
