// The base of the Euler solvers: a latent whose noise has the deviation sigma beside a clean latent
// of its own size (Karras et al. 2022, section 2).
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "engine/noise/prediction.h"
#include "engine/noise/sigma_ladder.h"

namespace imprint::engine {

class EulerSolver : public Solver {
 public:
  EulerSolver(const NoiseSchedule& schedule, SigmaLadder ladder)
      : prediction_(schedule.prediction()), ladder_(std::move(ladder)) {
    // Leading spacing leaves out the highest timesteps: the model has seen so much noise beside a
    // picture, never alone.
    const double highest = ladder_.sigmas.front();
    first_deviation_ = schedule.spacing_or(TimestepSpacing::kLinspace) == TimestepSpacing::kLeading
                           ? std::sqrt(highest * highest + 1)
                           : highest;
  }

  const std::vector<double>& timesteps() const override { return ladder_.timesteps; }
  NoiseLevel LevelAt(int index) const override { return {1, ladder_.now(index)}; }
  double FirstDeviation() const override { return first_deviation_; }
  double InputScale(int index) const override { return LevelOfSigma(ladder_.now(index)).signal; }

 protected:
  const SigmaLadder& ladder() const { return ladder_; }

  // Returns d latent / d sigma (equation 3).
  at::Tensor Derivative(int index, const at::Tensor& output, const at::Tensor& latent) const {
    if (prediction_ == PredictionType::kEpsilon) return output;
    const double sigma = ladder_.now(index);
    const NoiseLevel level = LevelOfSigma(sigma);
    return (latent - CleanLatent(prediction_, level, level.signal * latent, output)) / sigma;
  }

 private:
  PredictionType prediction_;
  SigmaLadder ladder_;
  double first_deviation_ = 1;
};

}  // namespace imprint::engine
