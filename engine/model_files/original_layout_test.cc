#include "engine/model_files/original_layout.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

using ::testing::ElementsAre;

// Tensors whose bytes are never read: only names and shapes count here.
TensorViews Of(const std::vector<std::pair<std::string, std::vector<int64_t>>>& tensors) {
  TensorViews views;
  for (const auto& [name, shape] : tensors) views[name] = {DType::kF32, shape, {}};
  return views;
}

// The ends of Stable Diffusion 1.5's lists of blocks: four levels of two layers.
TensorViews Sd15Unet() {
  TensorViews unet = Of({{"input_blocks.0.0.weight", {320, 4, 3, 3}},
                         {"out.2.weight", {4, 320, 3, 3}},
                         {"time_embed.2.bias", {1280}},
                         {"middle_block.1.proj_in.weight", {1280, 1280, 1, 1}},
                         {"middle_block.1.transformer_blocks.0.norm1.weight", {1280}},
                         {"middle_block.1.transformer_blocks.0.attn2.to_k.weight", {1280, 768}},
                         {"middle_block.2.out_layers.3.weight", {1280, 1280, 3, 3}}});
  const std::vector<int64_t> channels = {320, 640, 1280, 1280};
  for (int i = 1; i < 12; ++i) {
    const std::string block = "input_blocks." + std::to_string(i);
    if (i % 3 == 0) {
      unet[block + ".0.op.weight"] = {DType::kF32, {1, 1, 3, 3}, {}};
      continue;
    }
    const auto level = static_cast<size_t>((i - 1) / 3);
    unet[block + ".0.in_layers.0.weight"] = {DType::kF32, {1}, {}};
    unet[block + ".0.in_layers.2.weight"] = {DType::kF32, {channels[level], 1, 3, 3}, {}};
    if (level < 3) unet[block + ".1.norm.weight"] = {DType::kF32, {channels[level]}, {}};
  }
  for (const auto& name :
       {"output_blocks.2.1.conv.weight", "output_blocks.5.1.norm.weight",
        "output_blocks.5.2.conv.weight", "output_blocks.11.0.skip_connection.bias",
        "output_blocks.3.1.norm.weight", "output_blocks.8.1.norm.weight",
        "output_blocks.6.1.norm.weight", "output_blocks.9.1.norm.weight"}) {
    unet[name] = {DType::kF32, {1}, {}};
  }
  return unet;
}

TEST(OriginalUnet, NamesAreDiffusers) {
  const TensorViews unet = FromOriginalUnet(Sd15Unet(), OriginalFamily::kSd1, false).tensors;
  for (const char* name :
       {"conv_in.weight", "conv_out.weight", "time_embedding.linear_2.bias",
        "mid_block.resnets.1.conv2.weight", "mid_block.attentions.0.proj_in.weight",
        "down_blocks.0.resnets.0.conv1.weight", "down_blocks.0.downsamplers.0.conv.weight",
        "down_blocks.2.attentions.1.norm.weight", "down_blocks.3.resnets.1.norm1.weight",
        "up_blocks.0.upsamplers.0.conv.weight", "up_blocks.1.attentions.2.norm.weight",
        "up_blocks.1.upsamplers.0.conv.weight", "up_blocks.3.resnets.2.conv_shortcut.bias"}) {
    EXPECT_TRUE(unet.contains(name)) << name;
  }
}

TEST(OriginalUnet, ShapesTellTheConfiguration) {
  const nlohmann::json config = FromOriginalUnet(Sd15Unet(), OriginalFamily::kSd1, false).config;
  EXPECT_EQ(config["block_out_channels"], nlohmann::json({320, 640, 1280, 1280}));
  EXPECT_EQ(config["attention_head_dim"], nlohmann::json({8, 8, 8, 8}));
  EXPECT_EQ(config["layers_per_block"], 2);
  EXPECT_EQ(config["cross_attention_dim"], 768);
  EXPECT_EQ(config["use_linear_projection"], false);
  EXPECT_EQ(config["sample_size"], 64);
  EXPECT_EQ(config["down_block_types"][3], "DownBlock2D");
  EXPECT_EQ(config["up_block_types"][0], "UpBlock2D");
  EXPECT_EQ(config["up_block_types"][1], "CrossAttnUpBlock2D");
  const nlohmann::json sd2 = FromOriginalUnet(Sd15Unet(), OriginalFamily::kSd2, true).config;
  EXPECT_EQ(sd2["attention_head_dim"], nlohmann::json({5, 10, 20, 20}));
  EXPECT_EQ(sd2["sample_size"], 96);
}

TEST(OriginalUnet, WhatHasNoPlaceIsPassedOver) {
  const auto unet = FromOriginalUnet(
      Of({{"input_blocks.x.0.weight", {1}}, {"ema_scope.0", {1}}, {"out.2.bias", {4}}}),
      OriginalFamily::kSd1, false);
  EXPECT_THAT(unet.passed_over, ElementsAre("ema_scope.0", "input_blocks.x.0.weight"));
  EXPECT_EQ(unet.tensors.size(), 1);
}

TEST(OriginalVae, LevelsOfTheDecoderAreCountedFromTheOtherEnd) {
  const OriginalComponent vae =
      FromOriginalVae(Of({{"encoder.down.0.block.0.conv1.weight", {128, 128, 3, 3}},
                          {"encoder.down.0.block.1.conv1.weight", {128, 128, 3, 3}},
                          {"encoder.down.1.block.0.conv1.weight", {256, 128, 3, 3}},
                          {"encoder.down.1.block.0.nin_shortcut.weight", {256, 128, 1, 1}},
                          {"encoder.down.0.downsample.conv.bias", {128}},
                          {"decoder.up.0.block.2.norm1.bias", {128}},
                          {"decoder.up.1.upsample.conv.bias", {256}},
                          {"decoder.mid.attn_1.q.weight", {256, 256, 1, 1}},
                          {"decoder.mid.attn_1.norm.weight", {256}},
                          {"decoder.mid.block_2.conv1.weight", {256, 256, 3, 3}},
                          {"decoder.conv_in.weight", {256, 4, 3, 3}},
                          {"decoder.norm_out.weight", {128}},
                          {"quant_conv.weight", {8, 8, 1, 1}}}));
  for (const char* name :
       {"encoder.down_blocks.1.resnets.0.conv_shortcut.weight",
        "encoder.down_blocks.0.downsamplers.0.conv.bias",
        "decoder.up_blocks.1.resnets.2.norm1.bias", "decoder.up_blocks.0.upsamplers.0.conv.bias",
        "decoder.mid_block.resnets.1.conv1.weight",
        "decoder.mid_block.attentions.0.group_norm.weight", "decoder.conv_norm_out.weight",
        "quant_conv.weight"}) {
    EXPECT_TRUE(vae.tensors.contains(name)) << name;
  }
  EXPECT_THAT(vae.tensors.at("decoder.mid_block.attentions.0.to_q.weight").shape,
              ElementsAre(256, 256));
  EXPECT_EQ(vae.config["block_out_channels"], nlohmann::json({128, 256}));
  EXPECT_EQ(vae.config["layers_per_block"], 2);
}

TEST(OriginalVae, AttentionHasTheNamesOfAnyConverter) {
  for (const std::string names :
       {"q k v proj_out norm", "query key value proj_attn group_norm",
        "to_q to_k to_v to_out.0 group_norm", "to_to_q to_to_k to_to_v to_out.0 norm"}) {
    TensorViews tensors;
    for (const absl::string_view name : absl::StrSplit(names, ' ')) {
      tensors[absl::StrCat("encoder.mid.attn_1.", name, ".weight")] = {
          DType::kF32, {2, 2, 1, 1}, {}};
    }
    const OriginalComponent vae = FromOriginalVae(tensors);
    for (const char* name : {"to_q", "to_k", "to_v", "to_out.0", "group_norm"}) {
      EXPECT_TRUE(
          vae.tensors.contains(absl::StrCat("encoder.mid_block.attentions.0.", name, ".weight")))
          << names << ": " << name;
    }
    EXPECT_THAT(vae.tensors.at("encoder.mid_block.attentions.0.to_q.weight").shape,
                ElementsAre(2, 2));
    EXPECT_TRUE(vae.passed_over.empty());
  }
}

TEST(OpenClip, HowManyBlocksCount) {
  // ViT-H's last is spare, whether or not its projection is there; without it all count.
  EXPECT_EQ(OpenClipBlocksThatCount(24, true), 23);
  EXPECT_EQ(OpenClipBlocksThatCount(24, false), 23);
  EXPECT_EQ(OpenClipBlocksThatCount(23, false), 23);
  EXPECT_EQ(OpenClipBlocksThatCount(23, true), 23);
  EXPECT_EQ(OpenClipBlocksThatCount(3, true), 2);
  EXPECT_EQ(OpenClipBlocksThatCount(3, false), 3);
  EXPECT_EQ(OpenClipBlocksThatCount(0, true), 0);
}

TEST(OpenClip, JoinedProjectionsAreSplitAndTheLastBlockIsDropped) {
  const std::vector<std::byte> bytes(std::size_t{3} * 2 * 2 * sizeof(float));
  TensorViews tensors = Of({{"token_embedding.weight", {49408, 128}},
                            {"positional_embedding", {77, 128}},
                            {"ln_final.weight", {128}},
                            {"text_projection", {128, 128}},
                            {"logit_scale", {}},
                            {"transformer.resblocks.0.ln_1.weight", {128}},
                            {"transformer.resblocks.0.mlp.c_fc.weight", {512, 128}},
                            {"transformer.resblocks.1.ln_1.weight", {128}}});
  tensors["transformer.resblocks.0.attn.in_proj_weight"] = {DType::kF32, {6, 2}, bytes};
  const OriginalComponent text = FromOpenClip(tensors);
  const TensorView& key = text.tensors.at("encoder.layers.0.self_attn.k_proj.weight");
  EXPECT_THAT(key.shape, ElementsAre(2, 2));
  EXPECT_EQ(key.data.data(), bytes.data() + 2 * 2 * sizeof(float));
  EXPECT_EQ(key.data.size(), 2 * 2 * sizeof(float));
  EXPECT_FALSE(text.tensors.contains("encoder.layers.1.layer_norm1.weight"));
  EXPECT_THAT(text.passed_over,
              ElementsAre("logit_scale", "text_projection", "transformer.resblocks.1.ln_1.weight"));
  EXPECT_TRUE(text.tensors.contains("final_layer_norm.weight"));
  EXPECT_EQ(text.config["num_hidden_layers"], 1);
  EXPECT_EQ(text.config["num_attention_heads"], 2);
  EXPECT_EQ(text.config["hidden_act"], "gelu");
  EXPECT_EQ(text.config["intermediate_size"], 512);
}

TEST(ClipTextModel, IsTransformersOwn) {
  const OriginalComponent text =
      FromClipTextModel(Of({{"text_model.embeddings.token_embedding.weight", {49408, 768}},
                            {"text_model.embeddings.position_ids", {1, 77}},
                            {"text_projection.weight", {768, 768}},
                            {"text_model.encoder.layers.0.layer_norm1.weight", {768}}}),
                        OriginalFamily::kSd1);
  EXPECT_THAT(text.passed_over,
              ElementsAre("text_model.embeddings.position_ids", "text_projection.weight"));
  EXPECT_EQ(text.tensors.size(), 2);
  EXPECT_EQ(text.config["hidden_size"], 768);
  EXPECT_EQ(text.config["num_attention_heads"], 12);
  EXPECT_EQ(text.config["hidden_act"], "quick_gelu");
}

TEST(ClipTextModel, OfSd2HasThe23BlocksThatCount) {
  for (const int blocks : {23, 24}) {
    TensorViews tensors = Of({{"embeddings.token_embedding.weight", {49408, 1024}}});
    for (int i = 0; i < blocks; ++i) {
      tensors[absl::StrCat("encoder.layers.", i, ".layer_norm1.weight")] = {
          DType::kF32, {1024}, {}};
    }
    const OriginalComponent text = FromClipTextModel(tensors, OriginalFamily::kSd2);
    EXPECT_EQ(text.config["num_hidden_layers"], 23);
    EXPECT_EQ(text.config["num_attention_heads"], 16);
    EXPECT_EQ(text.config["hidden_act"], "gelu");
    EXPECT_EQ(text.passed_over.size(), static_cast<size_t>(blocks - 23));
  }
}

}  // namespace
}  // namespace imprint::engine
