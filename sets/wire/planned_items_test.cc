#include "sets/wire/planned_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "orders/wire/picture_wire.h"
#include "sets/expansion_cache.h"

namespace imprint::sets {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Parts = std::vector<std::string>;

constexpr const char* kPlan = R"(
title: Rivers
base_model: baseModels/demo
embeddings: [concepts/rex]
prompt: "{place}, {level}"
negative_prompt: text
steps: 30
eta: 0.5
upscale: 2
retries: 2
same_seed: level
alt_text: {en: "{place}"}
axes:
  place:
    river: {text: a river, alt_text: {en: the river}}
    delta: {text: the delta, alt_text: {en: the mouth}, negative_prompt: boats}
  level:
    plain: ""
    quick: {steps: 5, eta: 0}
    wide: {width: 128}
    small: {upscale: 1}
)";

// As a gateway fills it in.
v1::ImageSetSpec Admitted(const Expansion& plan) {
  v1::ImageSetSpec spec;
  FillFromPlan(plan.plan(), spec);
  FillPictures(*ParsePictures(spec, ""), nullptr, spec);
  spec.set_size_multiple(8);
  spec.set_width(64);
  spec.set_height(64);
  spec.set_picture_width(128);
  spec.set_picture_height(128);
  return spec;
}

// Of the river, as it is drawn and recorded.
v1::ItemRequest Whole(const v1::ImageSetSpec& spec, const Expansion& plan, int64_t index) {
  v1::ItemRequest whole = SettingsOf(spec);
  whole.MergeFrom(ItemOf(spec, &plan, index));
  return whole;
}

TEST(PlannedItems, ASpecTakesWhatThePlanSaysOfAll) {
  ASSERT_OK_AND_ASSIGN(const auto plan, Expand(kPlan));
  v1::ImageSetSpec spec;
  spec.set_title("Mine");
  EXPECT_THAT(CheckPlanAlone(spec), Succeeds());
  FillFromPlan(plan->plan(), spec);
  EXPECT_EQ(spec.base_model(), "baseModels/demo");
  EXPECT_THAT(spec.embeddings(), ElementsAre("concepts/rex"));
  EXPECT_EQ(spec.title(), "Mine") << "the spec's own goes first";
  EXPECT_EQ(spec.steps(), 30);
  EXPECT_FALSE(spec.has_guidance()) << "the plan does not say";
  EXPECT_THAT(CheckPlanAlone(spec), RefusesNaming(Parts{"spec.steps", "spec.plan"}));
  LeaveToPlan(spec);
  EXPECT_THAT(CheckPlanAlone(spec), Succeeds());
}

TEST(PlannedItems, AnItemHasItsOwnAndWhatItsValuesChange) {
  ASSERT_OK_AND_ASSIGN(const auto plan, Expand(kPlan));
  const v1::ImageSetSpec spec = Admitted(*plan);
  const v1::ItemRequest first = ItemOf(spec, plan.get(), 0);
  EXPECT_EQ(first.key(), "level=plain/place=river/1");
  EXPECT_EQ(first.prompt(), "a river, ");
  EXPECT_EQ(first.seed(), plan->At(0).request.seed);
  EXPECT_THAT(first.alt_text(), UnorderedElementsAre(Pair("en", "the river")));
  EXPECT_EQ(first.spare_seeds_size(), 2);
  EXPECT_EQ(first.steps(), 0) << "as the settings say";
  const v1::ItemRequest delta = Whole(spec, *plan, 4);
  EXPECT_EQ(delta.negative_prompt(), "text, boats");
  const v1::ItemRequest quick = Whole(spec, *plan, 1);
  EXPECT_EQ(quick.steps(), 5);
  EXPECT_EQ(quick.eta(), 0) << "a zero is said, too";
  EXPECT_EQ(quick.negative_prompt(), "text");
}

TEST(PlannedItems, SizesHangTogether) {
  ASSERT_OK_AND_ASSIGN(const auto plan, Expand(kPlan));
  const v1::ImageSetSpec spec = Admitted(*plan);
  const v1::ItemRequest wide = Whole(spec, *plan, 2);
  EXPECT_EQ(wide.width(), 128);
  EXPECT_EQ(wide.height(), 128) << "nobody says a height: it is the width";
  EXPECT_EQ(wide.picture_width(), 256);
  const v1::ItemRequest small = Whole(spec, *plan, 3);
  EXPECT_EQ(small.width(), 64);
  EXPECT_EQ(small.upscale(), 1);
  EXPECT_EQ(FinishedSize(small), (PictureSize{64, 64}));
}

TEST(PlannedItems, ACellsSpecDrawsAsItsItemsAreDrawn) {
  ASSERT_OK_AND_ASSIGN(const auto plan, Expand(kPlan));
  const v1::ImageSetSpec spec = Admitted(*plan);
  for (int64_t i = 0; i < plan->size(); ++i) {
    const v1::ImageSetSpec of_cell = SpecOfCell(spec, *plan, plan->At(i).cell);
    ASSERT_OK_AND_ASSIGN(const PictureRequest of_spec, ParsePictures(of_cell, ""));
    ASSERT_OK_AND_ASSIGN(const PictureRequest of_item, ParseItem(Whole(spec, *plan, i), ""));
    EXPECT_EQ(ToJson(kPictureFields, of_spec), ToJson(kPictureFields, of_item)) << i;
  }
}

TEST(PlannedItems, WithoutAPlanEveryPromptComesWithEverySeed) {
  v1::ImageSetSpec spec;
  spec.add_prompts("a");
  spec.add_prompts("b");
  spec.add_seeds(7);
  EXPECT_EQ(ItemOf(spec, nullptr, 1).prompt(), "b");
  EXPECT_EQ(ItemOf(spec, nullptr, 1).key(), "");
}

}  // namespace
}  // namespace imprint::sets
