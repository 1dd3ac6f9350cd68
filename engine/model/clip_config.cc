#include "engine/model/clip_config.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::engine {
namespace {

// What transformers' CLIPTextConfig and CLIPVisionConfig say where a file does not.
struct TowerDefaults {
  int64_t width;
  int64_t intermediate;
  int64_t heads;
  int64_t layers;
};
constexpr TowerDefaults kTextDefaults = {512, 2048, 8, 12};
constexpr TowerDefaults kVisionDefaults = {768, 3072, 12, 12};

// Larger than any CLIP by far, and small enough that a wrong number cannot exhaust the memory.
constexpr int64_t kMaxWidth = 1 << 14;
constexpr int64_t kMaxLayers = 128;
constexpr int64_t kMaxVocabulary = 1 << 20;

absl::StatusOr<int64_t> Field(const JsonObject& config, const char* key, int64_t fallback,
                              int64_t most) {
  ASSIGN_OR_RETURN(const int64_t value, config.GetOr<int64_t>(key, fallback));
  if (value < 1 || value > most) {
    return FieldError(absl::StrCat(config.origin(), ": ", key), absl::StrCat(value),
                      absl::StrCat("1 to ", most));
  }
  return value;
}

absl::StatusOr<ClipTowerConfig> ParseTower(const JsonObject& config,
                                           const TowerDefaults& defaults) {
  ClipTowerConfig tower;
  ASSIGN_OR_RETURN(tower.width, Field(config, "hidden_size", defaults.width, kMaxWidth));
  ASSIGN_OR_RETURN(tower.intermediate,
                   Field(config, "intermediate_size", defaults.intermediate, 4 * kMaxWidth));
  ASSIGN_OR_RETURN(tower.heads, Field(config, "num_attention_heads", defaults.heads, kMaxWidth));
  ASSIGN_OR_RETURN(tower.layers, Field(config, "num_hidden_layers", defaults.layers, kMaxLayers));
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
  ASSIGN_OR_RETURN(text.tower, ParseTower(config, kTextDefaults));
  ASSIGN_OR_RETURN(text.vocabulary, Field(config, "vocab_size", 49408, kMaxVocabulary));
  ASSIGN_OR_RETURN(text.length, Field(config, "max_position_embeddings", 77, 4096));
  return text;
}

absl::StatusOr<ClipVisionConfig> ClipVisionConfig::Parse(const JsonObject& config) {
  ClipVisionConfig vision;
  ASSIGN_OR_RETURN(vision.tower, ParseTower(config, kVisionDefaults));
  ASSIGN_OR_RETURN(vision.image_size, Field(config, "image_size", 224, 4096));
  ASSIGN_OR_RETURN(vision.patch_size, Field(config, "patch_size", 32, 4096));
  if (vision.image_size % vision.patch_size != 0) {
    return FieldError(absl::StrCat(config.origin(), ": patch_size"),
                      absl::StrCat(vision.patch_size),
                      absl::StrCat("a number that divides image_size, ", vision.image_size));
  }
  return vision;
}

absl::StatusOr<int64_t> ClipProjection(const JsonObject& config) {
  return Field(config, "projection_dim", 512, kMaxWidth);
}

}  // namespace imprint::engine
