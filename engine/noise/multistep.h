// The base of DPM-Solver++ and UniPC: they predict the clean latent and step in lambda, the
// logarithm of signal over deviation, remembering the outputs of earlier steps.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "engine/noise/prediction.h"
#include "engine/noise/sigma_ladder.h"

namespace imprint::engine {

class MultistepSolver : public Solver {
 public:
  MultistepSolver(const NoiseSchedule& schedule, SigmaLadder ladder)
      : prediction_(schedule.prediction()), ladder_(std::move(ladder)) {}

  const std::vector<double>& timesteps() const override { return ladder_.timesteps; }
  NoiseLevel LevelAt(int index) const override { return LevelOfSigma(ladder_.now(index)); }

 protected:
  // Returns the ladder's level `index`, including the one after the last step.
  NoiseLevel Level(int index) const { return LevelAt(index); }
  double Lambda(int index) const { return -std::log(ladder_.now(index)); }

  // Returns whether the ladder ends without noise: nothing is left to solve for there, since the
  // clean latent is the picture.
  bool EndsClean(int index) const { return ladder_.next(index) == 0; }
  bool IsLast(int index) const { return static_cast<size_t>(index) + 1 == timesteps().size(); }

  at::Tensor Clean(int index, const at::Tensor& output, const at::Tensor& latent) const {
    return CleanLatent(prediction_, Level(index), latent, output);
  }

 private:
  PredictionType prediction_;
  SigmaLadder ladder_;
};

}  // namespace imprint::engine
