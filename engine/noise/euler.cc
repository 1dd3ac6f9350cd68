#include "engine/noise/euler.h"

#include <utility>

#include "engine/noise/euler_step.h"

namespace imprint::engine {
namespace {

class Euler final : public EulerSolver {
 public:
  using EulerSolver::EulerSolver;

  at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                  NoiseSource&) override {
    const double change = ladder().next(index) - ladder().now(index);
    return latent + change * Derivative(index, output, latent);
  }
};

}  // namespace

std::unique_ptr<Solver> MakeEuler(const NoiseSchedule& schedule, int steps, bool karras) {
  SigmaLadder ladder = EulerLadder(schedule, steps, karras);
  if (schedule.details().log_sigma_as_timestep &&
      schedule.prediction() == PredictionType::kVelocity) {
    ladder = WithLogSigmasAsTimesteps(std::move(ladder));
  }
  return std::make_unique<Euler>(schedule, std::move(ladder));
}

}  // namespace imprint::engine
