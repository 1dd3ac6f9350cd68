// PNDM without its Runge-Kutta start, known as PLMS (Liu et al. 2022, "Pseudo Numerical Methods for
// Diffusion Models on Manifolds", equations 9 and 12): the second timestep is visited twice.
#pragma once

#include <memory>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// See MakeSolver.
std::unique_ptr<Solver> MakePndm(const NoiseSchedule& schedule, int steps);

}  // namespace imprint::engine
