// Noise levels in the coordinates of Karras et al. 2022: sigma is the noise's deviation beside a
// clean latent of its own size, sqrt((1 - alpha_bar) / alpha_bar).
#pragma once

#include <vector>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// The noise levels that a solver steps down. Immutable once made.
struct SigmaLadder {
  std::vector<double> timesteps;
  // One more than there are timesteps, each rounded to fp32 as Diffusers does; the last is the
  // level of the finished picture, usually 0.
  std::vector<double> sigmas;

  double now(int index) const { return sigmas[static_cast<size_t>(index)]; }
  double next(int index) const { return sigmas[static_cast<size_t>(index) + 1]; }
};

// Returns the levels for the Euler solvers. Karras levels have fractional timesteps and span the
// range of the timesteps' levels unless the configuration gives another.
SigmaLadder EulerLadder(const NoiseSchedule& schedule, int steps, bool karras);

// Returns the same levels for a network that takes a quarter of log sigma instead of a timestep, as
// in Karras et al. 2022 (table 1, c_noise).
SigmaLadder WithLogSigmasAsTimesteps(SigmaLadder ladder);

// How the fractional timesteps of Karras levels become whole numbers.
enum class WholeTimesteps { kRounded, kCut };

// Returns the levels for DPM++ and UniPC. Karras levels have whole timesteps and span the whole
// schedule or the range that the configuration gives.
SigmaLadder MultistepLadder(const NoiseSchedule& schedule, int steps, bool karras,
                            WholeTimesteps whole = WholeTimesteps::kRounded);

// Converts a sigma to the level with signal² + deviation² = 1.
NoiseLevel LevelOfSigma(double sigma);

}  // namespace imprint::engine
