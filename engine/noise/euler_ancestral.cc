#include "engine/noise/euler_ancestral.h"

#include <algorithm>
#include <cmath>

#include "engine/noise/euler_step.h"

namespace imprint::engine {
namespace {

class EulerAncestral final : public EulerSolver {
 public:
  using EulerSolver::EulerSolver;

  at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                  NoiseSource& noise) override {
    const double now = ladder().now(index);
    const double next = ladder().next(index);
    // k-diffusion's get_ancestral_step: down² + up² = next².
    const double up = next / now * std::sqrt(std::max(now * now - next * next, 0.0));
    const double down = std::sqrt(std::max(next * next - up * up, 0.0));
    at::Tensor stepped = latent + (down - now) * Derivative(index, output, latent);
    if (up > 0) stepped += up * noise.Draw(latent.sizes()).to(latent.device());
    return stepped;
  }
};

}  // namespace

std::unique_ptr<Solver> MakeEulerAncestral(const NoiseSchedule& schedule, int steps) {
  return std::make_unique<EulerAncestral>(schedule, EulerLadder(schedule, steps, /*karras=*/false));
}

}  // namespace imprint::engine
