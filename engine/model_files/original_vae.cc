#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "engine/model_files/original_layout.h"
#include "engine/model_files/prefixes.h"
#include "engine/model_files/tensor_names.h"

namespace imprint::engine {
namespace {

constexpr PrefixChange kVaeMiddle[] = {
    {"mid.block_1.", "mid_block.resnets.0."},
    {"mid.block_2.", "mid_block.resnets.1."},
    {"mid.attn_1.norm.", "mid_block.attentions.0.group_norm."},
    {"mid.attn_1.q.", "mid_block.attentions.0.to_q."},
    {"mid.attn_1.k.", "mid_block.attentions.0.to_k."},
    {"mid.attn_1.v.", "mid_block.attentions.0.to_v."},
    {"mid.attn_1.proj_out.", "mid_block.attentions.0.to_out.0."},
    // Converters that took only part of the way leave Diffusers' names of some time here, and
    // EveryDream2's writes "to_" twice.
    {"mid.attn_1.query.", "mid_block.attentions.0.to_q."},
    {"mid.attn_1.key.", "mid_block.attentions.0.to_k."},
    {"mid.attn_1.value.", "mid_block.attentions.0.to_v."},
    {"mid.attn_1.proj_attn.", "mid_block.attentions.0.to_out.0."},
    {"mid.attn_1.group_norm.", "mid_block.attentions.0.group_norm."},
    {"mid.attn_1.to_to_q.", "mid_block.attentions.0.to_q."},
    {"mid.attn_1.to_to_k.", "mid_block.attentions.0.to_k."},
    {"mid.attn_1.to_to_v.", "mid_block.attentions.0.to_v."},
    {"mid.attn_1.to_", "mid_block.attentions.0.to_"},
    {"norm_out.", "conv_norm_out."},
};

std::string InVaeResnet(absl::string_view name) {
  if (absl::ConsumePrefix(&name, "nin_shortcut.")) return absl::StrCat("conv_shortcut.", name);
  return std::string(name);
}

// "down.1.block.0.conv1.weight" of the encoder, "up. ..." of the decoder, whose levels the original
// numbers from the finest and Diffusers in the order that they are passed.
std::optional<std::string> InLevel(absl::string_view name, int64_t levels) {
  const bool up = absl::ConsumePrefix(&name, "up.");
  if (!up && !absl::ConsumePrefix(&name, "down.")) return std::nullopt;
  const std::vector<absl::string_view> pieces = absl::StrSplit(name, absl::MaxSplits('.', 1));
  int64_t level = 0;
  if (pieces.size() != 2 || !absl::SimpleAtoi(pieces[0], &level)) return std::nullopt;
  const std::string block = up ? absl::StrCat("up_blocks.", levels - 1 - level, ".")
                               : absl::StrCat("down_blocks.", level, ".");
  absl::string_view rest = pieces[1];
  if (absl::ConsumePrefix(&rest, "downsample.conv.")) {
    return absl::StrCat(block, "downsamplers.0.conv.", rest);
  }
  if (absl::ConsumePrefix(&rest, "upsample.conv.")) {
    return absl::StrCat(block, "upsamplers.0.conv.", rest);
  }
  if (!absl::ConsumePrefix(&rest, "block.")) return std::nullopt;
  const std::vector<absl::string_view> resnet = absl::StrSplit(rest, absl::MaxSplits('.', 1));
  if (resnet.size() != 2) return std::nullopt;
  return absl::StrCat(block, "resnets.", resnet[0], ".", InVaeResnet(resnet[1]));
}

std::optional<std::string> InTower(absl::string_view name, int64_t levels) {
  if (const auto renamed = WithPrefixChanged(kVaeMiddle, name)) return renamed;
  return InLevel(name, levels);
}

std::optional<std::string> VaeName(absl::string_view name, int64_t levels) {
  for (const absl::string_view tower : {"encoder.", "decoder."}) {
    absl::string_view rest = name;
    if (!absl::ConsumePrefix(&rest, tower)) continue;
    if (const auto renamed = InTower(rest, levels)) return absl::StrCat(tower, *renamed);
  }
  return std::nullopt;
}

// The original's attention is a 1x1 convolution, Diffusers' a matrix: the same numbers.
TensorView AsMatrix(TensorView tensor) {
  while (tensor.shape.size() > 2 && tensor.shape.back() == 1) tensor.shape.pop_back();
  return tensor;
}

}  // namespace

OriginalComponent FromOriginalVae(const TensorViews& tensors) {
  const int64_t levels = CountNumbered(tensors, "encoder.down.", ".block.0.conv1.weight");
  OriginalComponent vae;
  for (const auto& [name, tensor] : tensors) {
    const auto renamed = CanonicalTensorName("vae", VaeName(name, levels).value_or(name));
    if (renamed) {
      vae.tensors[*renamed] =
          absl::StrContains(*renamed, "attentions.0.to_") ? AsMatrix(tensor) : tensor;
    } else {
      vae.passed_over.push_back(name);
    }
  }
  std::vector<int64_t> channels;
  for (int64_t i = 0; i < levels; ++i) {
    channels.push_back(
        ExtentOf(tensors, absl::StrCat("encoder.down.", i, ".block.0.conv1.weight"), 0));
  }
  vae.config = {
      {"block_out_channels", channels},
      {"latent_channels", ExtentOf(tensors, "decoder.conv_in.weight", 1)},
      {"layers_per_block",
       std::max<int64_t>(CountNumbered(tensors, "encoder.down.0.block.", ".conv1.weight"), 1)}};
  return vae;
}

}  // namespace imprint::engine
