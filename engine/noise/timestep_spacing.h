// Selects the training timesteps that a solver visits (Lin et al. 2023, "Common Diffusion Noise
// Schedules and Sample Steps Are Flawed", table 2), to the last bit as Diffusers computes them with
// NumPy.
#pragma once

#include <vector>

#include "engine/noise/noise_schedule.h"

namespace imprint::engine {

// Returns the timesteps for DDIM, DDPM and PNDM: whole numbers, descending. Leading spacing has the
// offset of 1 that Stable Diffusion's pipeline insists on, here and below.
std::vector<double> SpacedTimesteps(int64_t total, TimestepSpacing spacing, int steps);

// Returns the timesteps for the Euler solvers: linspace keeps fractions, rounded to fp32.
std::vector<double> FractionalTimesteps(int64_t total, TimestepSpacing spacing, int steps);

// Returns the timesteps for DPM++ and UniPC: linspace and leading space one point more and leave
// out the last.
std::vector<double> MultistepTimesteps(int64_t total, TimestepSpacing spacing, int steps);

}  // namespace imprint::engine
