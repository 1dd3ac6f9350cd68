#include "orders/wire/picture_wire.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

const PictureRequest kOther = {.negative_prompt = "blurry",
                               .width = 128,
                               .height = 64,
                               .steps = 3,
                               .solver = {SolverMethod::kDpmpp2mSde, /*karras=*/true},
                               .eta = 0.5,
                               .guidance = 0,
                               .guidance_rescale = 0.25,
                               .prompt_style = PromptStyle::kLiteral,
                               .clip_skip = 2,
                               .upscale = 1.5,
                               .upscale_strength = 0.25};

TEST(PictureWire, EveryPromptComesWithEverySeedOnce) {
  v1::ImageSetSpec spec;
  for (const char* prompt : {"a", "b", "c"}) spec.add_prompts(prompt);
  for (const uint64_t seed : {7u, 9u}) spec.add_seeds(seed);
  std::set<std::pair<std::string, uint64_t>> seen;
  for (int64_t i = 0; i < 6; ++i) {
    const v1::ItemRequest item = ItemOf(spec, i);
    EXPECT_EQ(item.index(), i);
    seen.insert({item.prompt(), item.seed()});
  }
  EXPECT_EQ(seen.size(), 6u);
  EXPECT_EQ(ItemOf(spec, 3).prompt(), "b");
  EXPECT_EQ(ItemOf(spec, 3).seed(), 9u);
}

TEST(PictureWire, HowPromptsAreReadTravelsToEveryPicture) {
  v1::ImageSetSpec spec;
  spec.add_prompts(std::string("a"));
  spec.add_seeds(7);
  spec.set_prompt_style(v1::PROMPT_STYLE_LITERAL);
  spec.set_clip_skip(2);
  EXPECT_EQ(SettingsOf(spec).prompt_style(), v1::PROMPT_STYLE_LITERAL);
  EXPECT_EQ(SettingsOf(spec).clip_skip(), 2);
}

TEST(PictureWire, PrecisionAndSecondPassTravelToEveryPicture) {
  v1::ImageSetSpec spec;
  spec.add_prompts(std::string("a"));
  spec.add_seeds(7);
  spec.set_precision("bf16");
  spec.set_upscale(1);
  spec.set_upscale_strength(0.5);
  EXPECT_EQ(SettingsOf(spec).precision(), "bf16");
  EXPECT_EQ(SettingsOf(spec).upscale(), 0) << "nothing to say where there is none";
  EXPECT_EQ(SettingsOf(spec).upscale_strength(), 0);
  spec.set_upscale(2);
  spec.set_picture_width(128);
  EXPECT_EQ(SettingsOf(spec).picture_width(), 128);
  EXPECT_EQ(SettingsOf(spec).upscale(), 2);
  EXPECT_EQ(SettingsOf(spec).upscale_strength(), 0.5);
}

TEST(PictureWire, EveryFieldArrivesThroughSetAndItem) {
  for (const auto& row : kPictureFields) {
    const std::string name(row.name);
    ASSERT_NE(ToJson(kPictureFields, kOther)[name], ToJson(kPictureFields, {})[name])
        << name << ": give kOther a value that is not the default";
  }
  v1::ImageSetSpec spec;
  spec.add_prompts("a");
  spec.add_seeds(~0ULL);
  FillPictures(kOther, nullptr, spec);
  ASSERT_OK_AND_ASSIGN(const PictureRequest of_set, ParsePictures(spec, "spec."));
  EXPECT_EQ(ToJson(kPictureFields, of_set), ToJson(kPictureFields, kOther));
  v1::ItemRequest item = SettingsOf(spec);
  item.MergeFrom(ItemOf(spec, 0));
  ASSERT_OK_AND_ASSIGN(const PictureRequest of_item, ParseItem(item, ""));
  EXPECT_EQ(ToJson(kPictureFields, of_item), ToJson(kPictureFields, kOther));
  EXPECT_EQ(of_item.prompt, "a");
  EXPECT_EQ(of_item.seed, ~0ULL);
}

TEST(PictureWire, WhatIsNotSetIsTheDefault) {
  ASSERT_OK_AND_ASSIGN(const PictureRequest request, ParsePictures({}, "spec."));
  EXPECT_EQ(ToJson(kPictureFields, request), ToJson(kPictureFields, PictureRequest()));
  v1::ImageSetSpec spec;
  FillPictures(
      request, [](const auto& row) { return !row.models_own; }, spec);
  EXPECT_EQ(spec.steps(), PictureRequest().steps);
  EXPECT_EQ(spec.solver(), "");
}

TEST(PictureWire, ItemsOfBeforeThereWereStylesAreReadLiterally) {
  ASSERT_OK_AND_ASSIGN(const PictureRequest request, ParseItem({}, ""));
  EXPECT_EQ(request.prompt_style, PromptStyle::kLiteral);
  EXPECT_EQ(request.solver, SolverChoice());
  EXPECT_FALSE(request.guided());
}

TEST(PictureWire, NonsenseIsNamedWithItsPlace) {
  v1::ImageSetSpec spec;
  spec.set_steps(1001);
  EXPECT_THAT(ParsePictures(spec, "spec."),
              RefusesNaming(Parts{"spec.steps: got 1001", "1 to 1000"}));
  spec.set_steps(-1);
  EXPECT_THAT(ParsePictures(spec, "spec."), RefusesNaming(Parts{"spec.steps: got -1"}));
  v1::ItemRequest item;
  item.set_solver("heun");
  EXPECT_THAT(ParseItem(item, "items[0]."), RefusesNaming(Parts{"items[0].solver", "\"heun\""}));
}

}  // namespace
}  // namespace imprint
