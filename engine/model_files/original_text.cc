#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "engine/model_files/original_layout.h"
#include "engine/model_files/prefixes.h"
#include "engine/model_files/tensor_names.h"

namespace imprint::engine {
namespace {

constexpr absl::string_view kBlocks = "transformer.resblocks.";

nlohmann::json TextConfigOf(const TensorViews& text, absl::string_view activation) {
  const int64_t width = ExtentOf(text, "embeddings.token_embedding.weight", 1);
  return {{"vocab_size", ExtentOf(text, "embeddings.token_embedding.weight", 0)},
          {"max_position_embeddings", ExtentOf(text, "embeddings.position_embedding.weight", 0)},
          {"hidden_size", width},
          {"intermediate_size", ExtentOf(text, "encoder.layers.0.mlp.fc1.weight", 0)},
          {"num_hidden_layers", CountNumbered(text, "encoder.layers.", ".layer_norm1.weight")},
          // Every CLIP has heads of 64 numbers.
          {"num_attention_heads", std::max<int64_t>(width / 64, 1)},
          {"hidden_act", activation},
          {"layer_norm_eps", 1e-5}};
}

constexpr PrefixChange kTextOutsideBlocks[] = {
    {"token_embedding.weight", "embeddings.token_embedding.weight"},
    {"positional_embedding", "embeddings.position_embedding.weight"},
    {"ln_final.weight", "final_layer_norm.weight"},
    {"ln_final.bias", "final_layer_norm.bias"},
};

constexpr PrefixChange kTextInBlocks[] = {
    {"ln_1.", "layer_norm1."},
    {"ln_2.", "layer_norm2."},
    {"attn.out_proj.", "self_attn.out_proj."},
    {"mlp.c_fc.", "mlp.fc1."},
    {"mlp.c_proj.", "mlp.fc2."},
};

// Query, key and value lie in one matrix, one after the other.
void SplitInProjection(const TensorView& joined, absl::string_view layer, absl::string_view kind,
                       TensorViews& tensors) {
  constexpr std::array<absl::string_view, 3> kParts = {"q_proj", "k_proj", "v_proj"};
  const size_t bytes = joined.data.size() / kParts.size();
  for (size_t i = 0; i < kParts.size(); ++i) {
    TensorView part = joined;
    part.shape[0] /= static_cast<int64_t>(kParts.size());
    part.data = joined.data.subspan(i * bytes, bytes);
    tensors[absl::StrCat(layer, "self_attn.", kParts[i], ".", kind)] = std::move(part);
  }
}

// The number of the block that a tensor of `prefix`N.rest belongs to, and the rest; nothing for
// other names.
std::optional<std::pair<int64_t, absl::string_view>> InBlock(absl::string_view name,
                                                             absl::string_view prefix) {
  if (!absl::ConsumePrefix(&name, prefix)) return std::nullopt;
  const size_t dot = name.find('.');
  int64_t block = 0;
  if (dot == absl::string_view::npos || !absl::SimpleAtoi(name.substr(0, dot), &block)) {
    return std::nullopt;
  }
  return std::pair(block, name.substr(dot + 1));
}

// Whether it had a place.
bool AddOpenClipTensor(absl::string_view name, const TensorView& tensor, int64_t blocks,
                       TensorViews& tensors) {
  if (const auto renamed = WithPrefixChanged(kTextOutsideBlocks, name)) {
    tensors[*renamed] = tensor;
    return true;
  }
  const auto in_block = InBlock(name, kBlocks);
  if (!in_block || in_block->first >= blocks) return false;
  absl::string_view rest = in_block->second;
  const std::string layer = absl::StrCat("encoder.layers.", in_block->first, ".");
  if (absl::ConsumePrefix(&rest, "attn.in_proj_") && !tensor.shape.empty() &&
      tensor.shape[0] % 3 == 0) {
    SplitInProjection(tensor, layer, rest, tensors);
    return true;
  }
  const auto renamed = WithPrefixChanged(kTextInBlocks, in_block->second);
  if (renamed) tensors[absl::StrCat(layer, *renamed)] = tensor;
  return renamed.has_value();
}

// What CLIP has after its last block, and only those need who compare texts with pictures.
bool HasHead(const TensorViews& tensors) {
  return tensors.contains("text_projection") || tensors.contains("text_projection.weight") ||
         tensors.contains("logit_scale");
}

}  // namespace

int64_t OpenClipBlocksThatCount(int64_t blocks, bool has_head) {
  constexpr int64_t kVitH = 24;
  const bool spare = blocks == kVitH || (has_head && blocks != kVitH - 1);
  return std::max<int64_t>(blocks - (spare ? 1 : 0), 0);
}

OriginalComponent FromClipTextModel(const TensorViews& tensors, OriginalFamily family) {
  constexpr absl::string_view kLayers = "encoder.layers.";
  TensorViews named;
  OriginalComponent text;
  for (const auto& [name, tensor] : tensors) {
    if (const auto canonical = CanonicalTensorName("text_encoder", name)) {
      named[*canonical] = tensor;
    } else {
      text.passed_over.push_back(name);
    }
  }
  int64_t blocks = CountNumbered(named, kLayers, ".layer_norm1.weight");
  // Transformers' own models of the family are whole only as ViT-H: its projection says nothing.
  if (family == OriginalFamily::kSd2) blocks = OpenClipBlocksThatCount(blocks, /*has_head=*/false);
  for (auto& [name, tensor] : named) {
    const auto in_block = InBlock(name, kLayers);
    if (in_block && in_block->first >= blocks) {
      text.passed_over.push_back(name);
    } else {
      text.tensors[name] = std::move(tensor);
    }
  }
  text.config = TextConfigOf(text.tensors, family == OriginalFamily::kSd2 ? "gelu" : "quick_gelu");
  return text;
}

OriginalComponent FromOpenClip(const TensorViews& tensors) {
  const int64_t blocks =
      OpenClipBlocksThatCount(CountNumbered(tensors, kBlocks, ".ln_1.weight"), HasHead(tensors));
  OriginalComponent text;
  for (const auto& [name, tensor] : tensors) {
    if (!AddOpenClipTensor(name, tensor, blocks, text.tensors)) text.passed_over.push_back(name);
  }
  text.config = TextConfigOf(text.tensors, "gelu");
  return text;
}

}  // namespace imprint::engine
