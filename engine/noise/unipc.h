// UniPC of second order with B2(h) (Zhao et al. 2023, "UniPC: A Unified Predictor-Corrector
// Framework for Fast Sampling of Diffusion Models", algorithms 5 and 6), predicting the clean
// latent.
#pragma once

#include <memory>

#include "engine/noise/noise_schedule.h"
#include "engine/noise/solver.h"

namespace imprint::engine {

// See MakeSolver.
std::unique_ptr<Solver> MakeUniPc(const NoiseSchedule& schedule, int steps, bool karras);

}  // namespace imprint::engine
