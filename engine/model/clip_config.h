// The shapes of CLIP's two towers, as their configurations describe them.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "base/json_object.h"
#include "engine/model/layers.h"

namespace imprint::engine {

// A stack of transformer layers.
struct ClipTowerConfig {
  int64_t width;
  int64_t intermediate;
  int64_t heads;
  int64_t layers;
  double epsilon;
  Activation activation;
};

// A missing field takes transformers' default in both towers, which published configurations rely
// on.
struct ClipTextConfig {
  ClipTowerConfig tower;
  int64_t vocabulary;
  int64_t length;

  // Parses the tower's configuration. INVALID_ARGUMENT naming the field.
  static absl::StatusOr<ClipTextConfig> Parse(const JsonObject& config);
};

struct ClipVisionConfig {
  ClipTowerConfig tower;
  int64_t image_size;
  int64_t patch_size;

  static absl::StatusOr<ClipVisionConfig> Parse(const JsonObject& config);
};

// Returns the width of the space that both towers project into: projection_dim of a CLIP model's or
// safety checker's configuration.
absl::StatusOr<int64_t> ClipProjection(const JsonObject& config);

}  // namespace imprint::engine
