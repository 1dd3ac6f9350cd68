// Euler steps to below the next noise level, followed by fresh noise up to it (k-diffusion's
// sample_euler_ancestral).
#pragma once

#include <memory>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// See MakeSolver.
std::unique_ptr<Solver> MakeEulerAncestral(const NoiseSchedule& schedule, int steps);

}  // namespace imprint::engine
