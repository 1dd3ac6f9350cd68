// The shape of a denoising network, as unet/config.json describes it.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "base/json_object.h"

namespace imprint::engine {

// The parameters that UNet2DConditionModel varies in Stable Diffusion 1.x and 2.x.
struct UnetConfig {
  // One resolution: its channels and what its blocks hold.
  struct Level {
    int64_t channels;
    int64_t heads;
    bool down_attends;
    bool up_attends;
  };

  int64_t in_channels;
  int64_t out_channels;
  // Side of the latent that the model was trained at.
  int64_t sample_size;
  std::vector<Level> levels;  // finest first
  int64_t layers_per_block;
  int64_t transformer_blocks;
  int64_t context_channels;
  int64_t groups;
  double norm_epsilon;
  bool linear_projection;

  // Parses unet/config.json. INVALID_ARGUMENT naming the field for a network of another kind
  // (inpainting, SDXL, class conditions, ...) or sizes that make no sense.
  static absl::StatusOr<UnetConfig> Parse(const JsonObject& config);
};

}  // namespace imprint::engine
