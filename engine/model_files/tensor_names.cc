#include "engine/model_files/tensor_names.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace imprint::engine {
namespace {

// Beginnings of names as older libraries wrote them, and as they are today.
struct Renaming {
  absl::string_view component;
  absl::string_view from;
  absl::string_view to;
};
constexpr Renaming kRenamings[] = {
    {"text_encoder", "text_model.", ""},
    {"safety_checker", "vision_model.vision_model.", "vision_model."},
    // Every published SD 1.x and 2.x autoencoder.
    {"vae", "encoder.mid_block.attentions.0.query.", "encoder.mid_block.attentions.0.to_q."},
    {"vae", "encoder.mid_block.attentions.0.key.", "encoder.mid_block.attentions.0.to_k."},
    {"vae", "encoder.mid_block.attentions.0.value.", "encoder.mid_block.attentions.0.to_v."},
    {"vae", "encoder.mid_block.attentions.0.proj_attn.",
     "encoder.mid_block.attentions.0.to_out.0."},
    {"vae", "decoder.mid_block.attentions.0.query.", "decoder.mid_block.attentions.0.to_q."},
    {"vae", "decoder.mid_block.attentions.0.key.", "decoder.mid_block.attentions.0.to_k."},
    {"vae", "decoder.mid_block.attentions.0.value.", "decoder.mid_block.attentions.0.to_v."},
    {"vae", "decoder.mid_block.attentions.0.proj_attn.",
     "decoder.mid_block.attentions.0.to_out.0."},
};

// What the names of a component's tensors begin with, by today's names.
struct Root {
  absl::string_view component;
  absl::string_view beginning;
};
constexpr Root kRoots[] = {
    {"text_encoder", "embeddings.token_embedding.weight"},
    {"text_encoder", "embeddings.position_embedding.weight"},
    {"text_encoder", "encoder.layers."},
    {"text_encoder", "final_layer_norm."},
    {"unet", "conv_in."},
    {"unet", "time_embedding."},
    {"unet", "down_blocks."},
    {"unet", "mid_block."},
    {"unet", "up_blocks."},
    {"unet", "conv_norm_out."},
    {"unet", "conv_out."},
    {"vae", "encoder."},
    {"vae", "decoder."},
    {"vae", "quant_conv."},
    {"vae", "post_quant_conv."},
    {"safety_checker", "vision_model."},
    {"safety_checker", "visual_projection."},
    {"safety_checker", "concept_embeds"},
    {"safety_checker", "special_care_embeds"},
};

constexpr absl::string_view kPositionIds = "embeddings.position_ids";

bool HasAPlace(absl::string_view component, absl::string_view name) {
  return !absl::EndsWith(name, kPositionIds) &&
         std::any_of(std::begin(kRoots), std::end(kRoots), [&](const Root& root) {
           return root.component == component && absl::StartsWith(name, root.beginning);
         });
}

std::string Renamed(absl::string_view component, absl::string_view name) {
  for (const Renaming& renaming : kRenamings) {
    if (renaming.component == component && absl::StartsWith(name, renaming.from)) {
      return absl::StrCat(renaming.to, name.substr(renaming.from.size()));
    }
  }
  return std::string(name);
}

}  // namespace

std::optional<std::string> CanonicalTensorName(absl::string_view component,
                                               absl::string_view name) {
  std::string renamed = Renamed(component, name);
  if (!HasAPlace(component, renamed)) return std::nullopt;
  return renamed;
}

}  // namespace imprint::engine
