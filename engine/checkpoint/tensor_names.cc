#include "engine/checkpoint/tensor_names.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace imprint {
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

constexpr absl::string_view kPositionIds = "embeddings.position_ids";

}  // namespace

std::optional<std::string> CanonicalTensorName(absl::string_view component,
                                               absl::string_view name) {
  if (absl::EndsWith(name, kPositionIds)) return std::nullopt;
  for (const Renaming& renaming : kRenamings) {
    if (renaming.component == component && absl::StartsWith(name, renaming.from)) {
      return absl::StrCat(renaming.to, name.substr(renaming.from.size()));
    }
  }
  return std::string(name);
}

}  // namespace imprint
