// The shape of an autoencoder, as vae/config.json describes it.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "base/json_object.h"

namespace imprint {

// What AutoencoderKL varies.
struct VaeConfig {
  int64_t latent_channels;
  std::vector<int64_t> channels;  // of each level, from the finest
  int64_t layers_per_block;
  int64_t groups;
  // Latents times this have unit variance: what the denoising network works on.
  double scaling_factor;
  bool quant_conv;
  bool post_quant_conv;

  // Pixels a side for each latent's: 8 in Stable Diffusion.
  int64_t Factor() const { return int64_t{1} << (channels.size() - 1); }

  // INVALID_ARGUMENT naming the field for another kind of autoencoder.
  static absl::StatusOr<VaeConfig> Parse(const JsonObject& config);
};

}  // namespace imprint
