// Euler's method over sigma (Karras et al. 2022, algorithm 2 without churn).
#pragma once

#include <memory>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// See MakeSolver.
std::unique_ptr<Solver> MakeEuler(const NoiseSchedule& schedule, int steps, bool karras);

}  // namespace imprint::engine
