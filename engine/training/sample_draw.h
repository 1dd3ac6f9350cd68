// All randomness in training is a function of (seed, step, sample) and nothing else: a run is the
// same whichever batch, rank or process computes a sample, and a resumed run continues exactly
// (Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3").
#pragma once

#include <cstdint>

#include <ATen/ATen.h>

namespace imprint::engine {

// The sets that draws choose from.
struct DrawSpace {
  uint64_t seed;
  int64_t samples_per_step;  // batch x accumulation, over all ranks
  int64_t pictures;
  int64_t templates;
  int64_t timesteps;
  bool flip;
};

// One sample's choices and noise.
struct SampleDraw {
  int64_t picture;          // each is drawn once before any is drawn again
  bool flipped;             // with probability 1/2 if flips are on
  int64_t caption;          // index of the template
  int64_t timestep;         // uniform within the sample's own stratum of the timesteps
  at::Tensor latent_noise;  // for sampling the VAE's distribution, [4, h, w] fp32
  at::Tensor noise;         // the noise that is added to the latent, [4, h, w] fp32
};

// Draws sample `sample` (0 to samples_per_step - 1) of step `step`. Thread-safe.
SampleDraw DrawSample(const DrawSpace& space, int64_t step, int64_t sample,
                      at::IntArrayRef latent_shape);

}  // namespace imprint::engine
