#include "services/rank/training_order.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::rank {
namespace {

using Parts = std::vector<std::string>;

v1::TrainingSpec Spec() {
  v1::TrainingSpec spec;
  spec.set_token("<rex>");
  spec.set_class_word("dog");
  return spec;
}

TEST(TrainingOrder, WhatIsAskedForArrives) {
  v1::TrainingSpec spec = Spec();
  spec.set_size(128);
  spec.mutable_recipe()->set_steps(3);
  ASSERT_OK_AND_ASSIGN(const TrainingOrder order, ParseTrainingSpec(spec));
  EXPECT_EQ(order.settings.token, "<rex>");
  EXPECT_EQ(order.settings.size, 128);
  EXPECT_EQ(order.settings.recipe.steps, 3);
}

TEST(TrainingOrder, WhatMakesNoSenseIsNamed) {
  v1::TrainingSpec spec = Spec();
  spec.mutable_recipe()->set_steps(0);
  EXPECT_THAT(ParseTrainingSpec(spec), RefusesNaming(Parts{"spec.recipe.steps", "0"}));
}

TEST(TrainingOrder, ThePrecisionIsWhatTheGatewayFixed) {
  v1::TrainingSpec spec = Spec();
  EXPECT_EQ(ParseTrainingSpec(spec)->precision, Precision::kFp32) << "of an older gateway";
  spec.set_precision("bf16");
  EXPECT_EQ(ParseTrainingSpec(spec)->precision, Precision::kBf16);
  spec.set_precision("auto");
  EXPECT_THAT(ParseTrainingSpec(spec), RefusesNaming(Parts{"spec.precision", "auto"}));
}

}  // namespace
}  // namespace imprint::rank
