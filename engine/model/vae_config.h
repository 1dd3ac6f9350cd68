// The shape of an autoencoder, as vae/config.json describes it.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "base/json_object.h"

namespace imprint::engine {

// The parameters that AutoencoderKL varies.
struct VaeConfig {
  int64_t latent_channels;
  std::vector<int64_t> channels;  // of each level, finest first
  int64_t layers_per_block;
  int64_t groups;
  // Latents multiplied by this have unit variance: the denoising network works on those.
  double scaling_factor;
  bool quant_conv;
  bool post_quant_conv;

  // Returns the pixels along one side of a latent: 8 in Stable Diffusion.
  int64_t Factor() const { return int64_t{1} << (channels.size() - 1); }

  // Parses vae/config.json. INVALID_ARGUMENT naming the field for another kind of autoencoder.
  static absl::StatusOr<VaeConfig> Parse(const JsonObject& config);
};

}  // namespace imprint::engine
