// Noise levels in the coordinates of Karras et al. 2022: sigma is the noise's deviation beside a
// clean latent of its own size, sqrt((1 - alpha_bar) / alpha_bar).
#pragma once

#include <vector>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint {

// The levels that a solver steps down. Immutable once made.
struct SigmaLadder {
  std::vector<double> timesteps;
  // One more than timesteps, each rounded to fp32 as Diffusers does; the last is where the picture
  // is done, usually 0.
  std::vector<double> sigmas;

  double now(int index) const { return sigmas[static_cast<size_t>(index)]; }
  double next(int index) const { return sigmas[static_cast<size_t>(index) + 1]; }
};

// For the Euler solvers. Karras levels span those of the timesteps unless the configuration says
// what they span, and have fractional timesteps.
SigmaLadder EulerLadder(const NoiseSchedule& schedule, int steps, bool karras);

// The same levels for a network that is given a quarter of log sigma in the place of a timestep, as
// Karras et al. 2022 have it (table 1, c_noise).
SigmaLadder WithLogSigmasAsTimesteps(SigmaLadder ladder);

// How the fractional timesteps of Karras levels become whole ones.
enum class WholeTimesteps { kRounded, kCut };

// For DPM++ and UniPC. Karras levels span the whole schedule or what the configuration says, and
// have whole timesteps.
SigmaLadder MultistepLadder(const NoiseSchedule& schedule, int steps, bool karras,
                            WholeTimesteps whole = WholeTimesteps::kRounded);

// The same level with signal² + deviation² = 1.
NoiseLevel LevelOfSigma(double sigma);

}  // namespace imprint
