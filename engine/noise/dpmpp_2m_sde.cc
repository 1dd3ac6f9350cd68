#include "engine/noise/dpmpp_2m_sde.h"

#include <cmath>

#include "engine/noise/dpmpp.h"

namespace imprint::engine {
namespace {

class Dpmpp2mSde final : public DpmppSolver {
 public:
  using DpmppSolver::DpmppSolver;

  at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                  NoiseSource& noise) override {
    const at::Tensor clean = Extrapolate(index, output, latent);
    if (EndsClean(index)) return clean;
    const NoiseLevel now = Level(index);
    const NoiseLevel next = Level(index + 1);
    const double h = Lambda(index + 1) - Lambda(index);
    // The share of the next level's variance that is drawn anew.
    const double fresh = -std::expm1(-2 * h);
    return next.deviation / now.deviation * std::exp(-h) * latent + next.signal * fresh * clean +
           next.deviation * std::sqrt(fresh) * noise.Draw(latent.sizes()).to(latent.device());
  }
};

}  // namespace

std::unique_ptr<Solver> MakeDpmpp2mSde(const NoiseSchedule& schedule, int steps, bool karras) {
  return std::make_unique<Dpmpp2mSde>(schedule, steps, karras);
}

}  // namespace imprint::engine
