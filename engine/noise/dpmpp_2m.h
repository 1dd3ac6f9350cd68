// DPM-Solver++ of second order, multistep (Lu et al. 2022, "DPM-Solver++", algorithm 2).
#pragma once

#include <memory>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// See MakeSolver.
std::unique_ptr<Solver> MakeDpmpp2m(const NoiseSchedule& schedule, int steps, bool karras);

}  // namespace imprint::engine
