#include <array>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "engine/checkpoint/original_layout.h"
#include "engine/checkpoint/prefixes.h"
#include "engine/checkpoint/tensor_names.h"

namespace imprint {
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

// Not part of what conditions the network.
bool IsUnused(absl::string_view name) {
  return name == "text_projection" || name == "logit_scale" || name == "attn_mask";
}

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

void AddBlockTensor(absl::string_view name, const TensorView& tensor, int64_t kept_blocks,
                    TensorViews& tensors) {
  const std::string original(name);
  absl::ConsumePrefix(&name, kBlocks);
  const size_t dot = name.find('.');
  int64_t block = 0;
  if (dot == absl::string_view::npos || !absl::SimpleAtoi(name.substr(0, dot), &block)) {
    tensors[original] = tensor;
    return;
  }
  if (block >= kept_blocks) return;
  absl::string_view rest = name.substr(dot + 1);
  const std::string layer = absl::StrCat("encoder.layers.", block, ".");
  if (absl::ConsumePrefix(&rest, "attn.in_proj_") && !tensor.shape.empty() &&
      tensor.shape[0] % 3 == 0) {
    SplitInProjection(tensor, layer, rest, tensors);
    return;
  }
  const auto renamed = WithPrefixChanged(kTextInBlocks, rest);
  tensors[renamed ? absl::StrCat(layer, *renamed) : original] = tensor;
}

}  // namespace

OriginalComponent FromClipTextModel(const TensorViews& tensors) {
  OriginalComponent text;
  for (const auto& [name, tensor] : tensors) {
    if (const auto canonical = CanonicalTensorName("text_encoder", name)) {
      text.tensors[*canonical] = tensor;
    }
  }
  text.config = TextConfigOf(text.tensors, "quick_gelu");
  return text;
}

OriginalComponent FromOpenClip(const TensorViews& tensors) {
  const int64_t blocks = CountNumbered(tensors, kBlocks, ".ln_1.weight");
  OriginalComponent text;
  for (const auto& [name, tensor] : tensors) {
    if (IsUnused(name)) continue;
    if (absl::StartsWith(name, kBlocks)) {
      AddBlockTensor(name, tensor, blocks - 1, text.tensors);
    } else {
      text.tensors[WithPrefixChanged(kTextOutsideBlocks, name).value_or(name)] = tensor;
    }
  }
  text.config = TextConfigOf(text.tensors, "gelu");
  return text;
}

}  // namespace imprint
