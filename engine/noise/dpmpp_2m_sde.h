// The stochastic DPM-Solver++ of second order (Lu et al. 2022, "DPM-Solver++", equation 19).
#pragma once

#include <memory>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// See MakeSolver.
std::unique_ptr<Solver> MakeDpmpp2mSde(const NoiseSchedule& schedule, int steps, bool karras);

}  // namespace imprint::engine
