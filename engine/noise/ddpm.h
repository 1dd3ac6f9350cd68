// DDPM's ancestral steps (Ho et al. 2020, "Denoising Diffusion Probabilistic Models", equation 7),
// with the smaller of its two variances unless the configuration asks for the larger.
#pragma once

#include <memory>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// See MakeSolver.
std::unique_ptr<Solver> MakeDdpm(const NoiseSchedule& schedule, int steps);

}  // namespace imprint::engine
