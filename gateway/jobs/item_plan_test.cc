#include "gateway/jobs/item_plan.h"

#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

TEST(ItemPlan, EveryPromptComesWithEverySeedOnce) {
  v1::ImageSetSpec spec;
  for (const char* prompt : {"a", "b", "c"}) spec.add_prompts(prompt);
  for (const uint64_t seed : {7u, 9u}) spec.add_seeds(seed);
  ASSERT_EQ(ItemCount(spec), 6);
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

TEST(ItemPlan, HowPromptsAreReadTravelsToEveryPicture) {
  v1::ImageSetSpec spec;
  spec.add_prompts(std::string("a"));
  spec.add_seeds(7);
  spec.set_prompt_style(v1::PROMPT_STYLE_LITERAL);
  spec.set_clip_skip(2);
  EXPECT_EQ(ItemOf(spec, 0).prompt_style(), v1::PROMPT_STYLE_LITERAL);
  EXPECT_EQ(ItemOf(spec, 0).clip_skip(), 2);
}

TEST(ItemPlan, PrecisionAndSecondPassTravelToEveryPicture) {
  v1::ImageSetSpec spec;
  spec.add_prompts(std::string("a"));
  spec.add_seeds(7);
  spec.set_precision("bf16");
  spec.set_upscale(1);
  spec.set_upscale_strength(0.5);
  EXPECT_EQ(ItemOf(spec, 0).precision(), "bf16");
  EXPECT_EQ(ItemOf(spec, 0).upscale(), 0) << "nothing to say where there is none";
  EXPECT_EQ(ItemOf(spec, 0).upscale_strength(), 0);
  spec.set_upscale(2);
  spec.set_picture_width(128);
  EXPECT_EQ(ItemOf(spec, 0).picture_width(), 128);
  EXPECT_EQ(ItemOf(spec, 0).upscale(), 2);
  EXPECT_EQ(ItemOf(spec, 0).upscale_strength(), 0.5);
}

}  // namespace
}  // namespace imprint::gateway
