#include "engine/noise/dpmpp_2m.h"

#include <cmath>

#include "engine/noise/dpmpp.h"

namespace imprint::engine {
namespace {

class Dpmpp2m final : public DpmppSolver {
 public:
  using DpmppSolver::DpmppSolver;

  at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                  NoiseSource&) override {
    const at::Tensor clean = Extrapolate(index, output, latent);
    if (EndsClean(index)) return clean;
    const NoiseLevel now = Level(index);
    const NoiseLevel next = Level(index + 1);
    const double h = Lambda(index + 1) - Lambda(index);
    return next.deviation / now.deviation * latent - next.signal * std::expm1(-h) * clean;
  }
};

}  // namespace

std::unique_ptr<Solver> MakeDpmpp2m(const NoiseSchedule& schedule, int steps, bool karras) {
  return std::make_unique<Dpmpp2m>(schedule, steps, karras);
}

}  // namespace imprint::engine
