// DDIM (Song et al. 2021, "Denoising Diffusion Implicit Models", equation 12), eta = 0.
#pragma once

#include <memory>
#include <vector>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint {

// A solver of `steps` steps, 1 to schedule.timesteps(). Keeps what it needs of the schedule.
std::unique_ptr<Solver> MakeDdim(const NoiseSchedule& schedule, int steps);

// Timesteps as DDIMScheduler.set_timesteps gives them (with the steps_offset of 1 that Stable
// Diffusion's pipeline insists on), descending.
std::vector<double> DdimTimesteps(const NoiseSchedule& schedule, int steps);

}  // namespace imprint
