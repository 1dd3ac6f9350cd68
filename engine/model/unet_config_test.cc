#include "engine/model/unet_config.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using Parts = std::vector<std::string>;

// Stable Diffusion 1.5's, as published; `change` replaces fields.
absl::StatusOr<UnetConfig> Parse(const nlohmann::json& change) {
  nlohmann::json config = {
      {"in_channels", 4},
      {"out_channels", 4},
      {"sample_size", 64},
      {"attention_head_dim", 8},
      {"block_out_channels", {320, 640, 1280, 1280}},
      {"cross_attention_dim", 768},
      {"down_block_types",
       {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"}},
      {"up_block_types",
       {"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"}},
      {"layers_per_block", 2}};
  config.update(change);
  return UnetConfig::Parse(*JsonObject::Parse(config.dump(), "unet/config.json"));
}

TEST(UnetConfig, ReadsStableDiffusion1) {
  ASSERT_OK_AND_ASSIGN(const UnetConfig unet, Parse(nlohmann::json::object()));
  ASSERT_EQ(unet.levels.size(), 4u);
  EXPECT_EQ(unet.levels[1].channels, 640);
  EXPECT_EQ(unet.levels[1].heads, 8);
  EXPECT_TRUE(unet.levels[0].down_attends && unet.levels[0].up_attends);
  EXPECT_FALSE(unet.levels[3].down_attends || unet.levels[3].up_attends);
  EXPECT_FALSE(unet.linear_projection);
  EXPECT_EQ(unet.groups, 32);
}

TEST(UnetConfig, ReadsStableDiffusion2) {
  ASSERT_OK_AND_ASSIGN(const UnetConfig unet, Parse({{"attention_head_dim", {5, 10, 20, 20}},
                                                     {"cross_attention_dim", 1024},
                                                     {"use_linear_projection", true}}));
  EXPECT_EQ(unet.levels[1].heads, 10);
  EXPECT_TRUE(unet.linear_projection);
}

TEST(UnetConfig, OtherArchitecturesAreRefusedByField) {
  for (const auto& [change, parts] : std::vector<std::pair<nlohmann::json, Parts>>{
           {{{"in_channels", 9}}, {"in_channels", "9", "inpainting"}},
           {{{"addition_embed_type", "text_time"}}, {"addition_embed_type", "text_time"}},
           {{{"class_embed_type", "timestep"}}, {"class_embed_type"}},
           {{{"act_fn", "gelu"}}, {"act_fn", "gelu", "silu"}},
           {{{"resnet_time_scale_shift", "scale_shift"}}, {"resnet_time_scale_shift"}},
           {{{"down_block_types", {"DownBlock2D"}}}, {"down_block_types", "1 blocks", "4 levels"}},
           {{{"up_block_types", {"UpBlock2D", "UpBlock2D", "UpBlock2D", "AttnUpBlock2D"}}},
            {"up_block_types", "AttnUpBlock2D"}},
           {{{"attention_head_dim", {8, 8}}}, {"attention_head_dim", "2 numbers"}},
           {{{"attention_head_dim", 7}}, {"attention_head_dim", "7", "divides 320"}},
           {{{"block_out_channels", {320, 640, 1280, 1281}}}, {"block_out_channels", "1281"}},
           {{{"layers_per_block", 0}}, {"layers_per_block", "0"}},
           {{{"cross_attention_dim", {768, 768}}}, {"cross_attention_dim"}},
       }) {
    EXPECT_THAT(Parse(change), RefusesNaming(parts)) << change;
  }
}

}  // namespace
}  // namespace imprint::engine
