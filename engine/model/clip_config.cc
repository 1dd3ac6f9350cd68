#include "engine/model/clip_config.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

absl::StatusOr<int64_t> PositiveField(const JsonObject& config, const char* key) {
  ASSIGN_OR_RETURN(const int64_t value, config.Get<int64_t>(key));
  if (value < 1 || value > 1 << 24) {
    return FieldError(absl::StrCat(config.origin(), ": ", key), absl::StrCat(value),
                      "a positive number");
  }
  return value;
}

absl::StatusOr<ClipTowerConfig> ParseTower(const JsonObject& config) {
  ClipTowerConfig tower;
  ASSIGN_OR_RETURN(tower.width, PositiveField(config, "hidden_size"));
  ASSIGN_OR_RETURN(tower.intermediate, PositiveField(config, "intermediate_size"));
  ASSIGN_OR_RETURN(tower.heads, PositiveField(config, "num_attention_heads"));
  ASSIGN_OR_RETURN(tower.layers, PositiveField(config, "num_hidden_layers"));
  ASSIGN_OR_RETURN(tower.epsilon, config.GetOr<double>("layer_norm_eps", 1e-5));
  ASSIGN_OR_RETURN(const std::string activation,
                   config.GetOr<std::string>("hidden_act", "quick_gelu"));
  ASSIGN_OR_RETURN(tower.activation,
                   ParseActivation(absl::StrCat(config.origin(), ": hidden_act"), activation));
  if (tower.width % tower.heads != 0) {
    return FieldError(absl::StrCat(config.origin(), ": num_attention_heads"),
                      absl::StrCat(tower.heads),
                      absl::StrCat("a number that divides hidden_size, ", tower.width));
  }
  return tower;
}

}  // namespace

absl::StatusOr<ClipTextConfig> ClipTextConfig::Parse(const JsonObject& config) {
  ClipTextConfig text;
  ASSIGN_OR_RETURN(text.tower, ParseTower(config));
  ASSIGN_OR_RETURN(text.vocabulary, PositiveField(config, "vocab_size"));
  ASSIGN_OR_RETURN(text.length, PositiveField(config, "max_position_embeddings"));
  return text;
}

absl::StatusOr<ClipVisionConfig> ClipVisionConfig::Parse(const JsonObject& config) {
  ClipVisionConfig vision;
  ASSIGN_OR_RETURN(vision.tower, ParseTower(config));
  ASSIGN_OR_RETURN(vision.image_size, PositiveField(config, "image_size"));
  ASSIGN_OR_RETURN(vision.patch_size, PositiveField(config, "patch_size"));
  if (vision.image_size % vision.patch_size != 0) {
    return FieldError(absl::StrCat(config.origin(), ": patch_size"),
                      absl::StrCat(vision.patch_size),
                      absl::StrCat("a number that divides image_size, ", vision.image_size));
  }
  return vision;
}

}  // namespace imprint
