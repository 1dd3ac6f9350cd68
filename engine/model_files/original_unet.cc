#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "engine/model_files/original_layout.h"
#include "engine/model_files/prefixes.h"
#include "engine/model_files/tensor_names.h"

namespace imprint::engine {
namespace {

// How the original's flat lists of blocks are divided into levels.
struct Levels {
  int64_t count = 1;
  int64_t layers = 2;  // of a level on the way down; one more on the way up
};

Levels LevelsOf(const TensorViews& tensors) {
  Levels levels;
  int64_t blocks = 1;
  int64_t first_downsampler = 0;
  while (true) {
    const bool downsampler =
        tensors.contains(absl::StrCat("input_blocks.", blocks, ".0.op.weight"));
    if (!downsampler &&
        !tensors.contains(absl::StrCat("input_blocks.", blocks, ".0.in_layers.0.weight"))) {
      break;
    }
    if (downsampler) {
      if (first_downsampler == 0) first_downsampler = blocks;
      ++levels.count;
    }
    ++blocks;
  }
  levels.layers = std::max<int64_t>((first_downsampler > 0 ? first_downsampler : blocks) - 1, 1);
  return levels;
}

constexpr PrefixChange kUnetOutsideBlocks[] = {
    {"input_blocks.0.0.", "conv_in."},
    {"time_embed.0.", "time_embedding.linear_1."},
    {"time_embed.2.", "time_embedding.linear_2."},
    {"out.0.", "conv_norm_out."},
    {"out.2.", "conv_out."},
    {"middle_block.1.", "mid_block.attentions.0."},
};

constexpr PrefixChange kUnetInResnets[] = {
    {"in_layers.0.", "norm1."},          {"in_layers.2.", "conv1."},
    {"emb_layers.1.", "time_emb_proj."}, {"out_layers.0.", "norm2."},
    {"out_layers.3.", "conv2."},         {"skip_connection.", "conv_shortcut."},
};

std::string InUnetResnet(absl::string_view name) {
  return WithPrefixChanged(kUnetInResnets, name).value_or(std::string(name));
}

// "7.1.proj_in.weight" -> block 7, part 1, rest.
struct BlockName {
  int64_t block = 0;
  int64_t part = 0;
  absl::string_view rest;
};

std::optional<BlockName> ParseBlock(absl::string_view name) {
  const std::vector<absl::string_view> pieces = absl::StrSplit(name, absl::MaxSplits('.', 2));
  BlockName parsed;
  if (pieces.size() != 3 || !absl::SimpleAtoi(pieces[0], &parsed.block) ||
      !absl::SimpleAtoi(pieces[1], &parsed.part) || parsed.block < 0) {
    return std::nullopt;
  }
  parsed.rest = pieces[2];
  return parsed;
}

std::optional<std::string> DownName(absl::string_view name, const Levels& levels) {
  const auto parsed = ParseBlock(name);
  if (!parsed || parsed->block < 1) return std::nullopt;
  const int64_t level = (parsed->block - 1) / (levels.layers + 1);
  const int64_t layer = (parsed->block - 1) % (levels.layers + 1);
  absl::string_view rest = parsed->rest;
  const std::string block = absl::StrCat("down_blocks.", level, ".");
  if (absl::ConsumePrefix(&rest, "op.")) return absl::StrCat(block, "downsamplers.0.conv.", rest);
  if (parsed->part == 0) return absl::StrCat(block, "resnets.", layer, ".", InUnetResnet(rest));
  return absl::StrCat(block, "attentions.", layer, ".", rest);
}

std::optional<std::string> UpName(absl::string_view name, const Levels& levels) {
  const auto parsed = ParseBlock(name);
  if (!parsed) return std::nullopt;
  const int64_t level = parsed->block / (levels.layers + 1);
  const int64_t layer = parsed->block % (levels.layers + 1);
  absl::string_view rest = parsed->rest;
  const std::string block = absl::StrCat("up_blocks.", level, ".");
  // After the attention, where there is one.
  if (parsed->part > 0 && absl::ConsumePrefix(&rest, "conv.")) {
    return absl::StrCat(block, "upsamplers.0.conv.", rest);
  }
  if (parsed->part == 0) return absl::StrCat(block, "resnets.", layer, ".", InUnetResnet(rest));
  return absl::StrCat(block, "attentions.", layer, ".", rest);
}

std::optional<std::string> UnetName(absl::string_view name, const Levels& levels) {
  if (auto renamed = WithPrefixChanged(kUnetOutsideBlocks, name)) return renamed;
  if (absl::ConsumePrefix(&name, "middle_block.0.")) {
    return absl::StrCat("mid_block.resnets.0.", InUnetResnet(name));
  }
  if (absl::ConsumePrefix(&name, "middle_block.2.")) {
    return absl::StrCat("mid_block.resnets.1.", InUnetResnet(name));
  }
  if (absl::ConsumePrefix(&name, "input_blocks.")) return DownName(name, levels);
  if (absl::ConsumePrefix(&name, "output_blocks.")) return UpName(name, levels);
  return std::nullopt;
}

nlohmann::json UnetConfigOf(const TensorViews& unet, const Levels& levels, OriginalFamily family,
                            bool predicts_velocity) {
  std::vector<int64_t> channels;
  std::vector<int64_t> heads;
  std::vector<std::string> down;
  std::vector<std::string> up;
  for (int64_t i = 0; i < levels.count; ++i) {
    channels.push_back(
        ExtentOf(unet, absl::StrCat("down_blocks.", i, ".resnets.0.conv1.weight"), 0));
    // SD 1.x has so many heads, SD 2.x heads of 64 channels.
    heads.push_back(family == OriginalFamily::kSd1 ? 8
                                                   : std::max<int64_t>(channels.back() / 64, 1));
    const auto attends = [&](const char* side) {
      return unet.contains(absl::StrCat(side, i, ".attentions.0.norm.weight"));
    };
    down.emplace_back(attends("down_blocks.") ? "CrossAttnDownBlock2D" : "DownBlock2D");
    up.emplace_back(attends("up_blocks.") ? "CrossAttnUpBlock2D" : "UpBlock2D");
  }
  constexpr absl::string_view kMiddle = "mid_block.attentions.0.";
  const auto projection = unet.find(absl::StrCat(kMiddle, "proj_in.weight"));
  return {
      {"in_channels", ExtentOf(unet, "conv_in.weight", 1)},
      {"out_channels", ExtentOf(unet, "conv_out.weight", 0)},
      // The 512 models of both families, and SD 2.x's 768 model, which predicts v.
      {"sample_size", family == OriginalFamily::kSd2 && predicts_velocity ? 96 : 64},
      {"layers_per_block", levels.layers},
      {"transformer_layers_per_block",
       std::max<int64_t>(
           CountNumbered(unet, absl::StrCat(kMiddle, "transformer_blocks."), ".norm1.weight"), 1)},
      {"cross_attention_dim",
       ExtentOf(unet, absl::StrCat(kMiddle, "transformer_blocks.0.attn2.to_k.weight"), 1)},
      {"use_linear_projection", projection != unet.end() && projection->second.shape.size() == 2},
      {"block_out_channels", channels},
      {"attention_head_dim", heads},
      {"down_block_types", down},
      {"up_block_types", up}};
}

}  // namespace

OriginalComponent FromOriginalUnet(const TensorViews& tensors, OriginalFamily family,
                                   bool predicts_velocity) {
  const Levels levels = LevelsOf(tensors);
  OriginalComponent unet;
  for (const auto& [name, tensor] : tensors) {
    const auto renamed = CanonicalTensorName("unet", UnetName(name, levels).value_or(name));
    if (renamed) {
      unet.tensors[*renamed] = tensor;
    } else {
      unet.passed_over.push_back(name);
    }
  }
  unet.config = UnetConfigOf(unet.tensors, levels, family, predicts_velocity);
  return unet;
}

}  // namespace imprint::engine
