// Everything random in training, as a function of (seed, step, sample) and nothing else: a run is
// the same whatever batch, rank or process computes a sample, and a resumed run goes on exactly
// (Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3").
#pragma once

#include <cstdint>

#include <ATen/ATen.h>

namespace imprint {

// What the draws choose from.
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
  at::Tensor latent_noise;  // for drawing from the VAE's distribution, [4, h, w] fp32
  at::Tensor noise;         // what the network has to find, [4, h, w] fp32
};

// Sample `sample` (0 to samples_per_step - 1) of step `step`. Thread-safe.
SampleDraw DrawSample(const DrawSpace& space, int64_t step, int64_t sample,
                      at::IntArrayRef latent_shape);

}  // namespace imprint
