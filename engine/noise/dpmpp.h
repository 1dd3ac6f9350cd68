// What both DPM-Solver++ methods share.
#pragma once

#include <ATen/ATen.h>

#include "engine/noise/multistep.h"

namespace imprint {

class DpmppSolver : public MultistepSolver {
 public:
  using MultistepSolver::MultistepSolver;

 protected:
  // The clean latent of this step, moved on by half the way from the last step's (D0 + D1 / 2 of Lu
  // et al. 2022, algorithm 2). First order where there is no last step, and at the end of few steps
  // or without noise, where the line would overshoot.
  at::Tensor Extrapolate(int index, const at::Tensor& output, const at::Tensor& latent) {
    const at::Tensor before = clean_;
    clean_ = Clean(index, output, latent);
    constexpr size_t kFewSteps = 15;
    const bool first_order =
        !before.defined() ||
        (IsLast(index) && (EndsClean(index) || timesteps().size() < kFewSteps));
    if (first_order) return clean_;
    const double r = (Lambda(index) - Lambda(index - 1)) / (Lambda(index + 1) - Lambda(index));
    return clean_ + (clean_ - before) / (2 * r);
  }

 private:
  at::Tensor clean_;
};

}  // namespace imprint
