// DDIM (Song et al. 2021, "Denoising Diffusion Implicit Models", equations 12 and 16).
#pragma once

#include <memory>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// See MakeSolver. `eta` 0 is deterministic, 1 adds DDPM's noise.
std::unique_ptr<Solver> MakeDdim(const NoiseSchedule& schedule, int steps, double eta);

}  // namespace imprint::engine
