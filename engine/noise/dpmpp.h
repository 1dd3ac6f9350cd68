// The base of both DPM-Solver++ methods.
#pragma once

#include <ATen/ATen.h>

#include "engine/noise/multistep.h"

namespace imprint::engine {

class DpmppSolver : public MultistepSolver {
 public:
  DpmppSolver(const NoiseSchedule& schedule, int steps, bool karras)
      : MultistepSolver(schedule, MultistepLadder(schedule, steps, karras, Whole(schedule))),
        details_(schedule.details()) {}

 protected:
  // Returns the clean latent of this step, extrapolated by half the way from the last step's (D0 +
  // D1 / 2 of Lu et al. 2022, algorithm 2). It is of first order in the first step; and in the last
  // step if there are few steps, if it ends without noise, where the line would overshoot, or if
  // the configuration says so.
  at::Tensor Extrapolate(int index, const at::Tensor& output, const at::Tensor& latent) {
    const at::Tensor before = clean_;
    clean_ = Clean(index, output, latent);
    constexpr size_t kFewSteps = 15;
    const bool few = details_.first_order_ends_few_steps && timesteps().size() < kFewSteps;
    const bool first_order =
        !before.defined() ||
        (IsLast(index) && (EndsClean(index) || details_.first_order_ends || few));
    if (first_order) return clean_;
    const double r = (Lambda(index) - Lambda(index - 1)) / (Lambda(index + 1) - Lambda(index));
    return clean_ + (clean_ - before) / (2 * r);
  }

 private:
  // Diffusers rounds with every schedule but this one, whose steps are not even.
  static WholeTimesteps Whole(const NoiseSchedule& schedule) {
    return schedule.is_squared_cosine() ? WholeTimesteps::kCut : WholeTimesteps::kRounded;
  }

  SolverDetails details_;
  at::Tensor clean_;
};

}  // namespace imprint::engine
