#include "engine/noise/ddpm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/noise/prediction.h"
#include "engine/noise/timestep_spacing.h"

namespace imprint::engine {
namespace {

// Diffusers' lower bound.
constexpr double kLeastVariance = 1e-20;

class Ddpm final : public Solver {
 public:
  Ddpm(const NoiseSchedule& schedule, int steps)
      : prediction_(schedule.prediction()),
        variance_(schedule.details().ddpm_variance),
        timesteps_(SpacedTimesteps(schedule.timesteps(),
                                   schedule.spacing_or(TimestepSpacing::kLeading), steps)) {
    for (const double timestep : timesteps_) {
      alpha_bars_.push_back(schedule.AlphaBar(static_cast<int64_t>(timestep)));
    }
    alpha_bars_.push_back(1.0);
  }

  const std::vector<double>& timesteps() const override { return timesteps_; }

  NoiseLevel LevelAt(int index) const override {
    const double alpha_bar = alpha_bars_[static_cast<size_t>(index)];
    return {std::sqrt(alpha_bar), std::sqrt(1 - alpha_bar)};
  }

  at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                  NoiseSource& noise) override {
    const auto step = static_cast<size_t>(index);
    const double now = alpha_bars_[step];
    const double next = alpha_bars_[step + 1];
    const double alpha = now / next;
    const double beta = 1 - alpha;
    const at::Tensor clean = CleanLatent(prediction_, LevelAt(index), latent, output);
    // The mean of equation 7, for steps over several timesteps at once.
    at::Tensor stepped = std::sqrt(next) * beta / (1 - now) * clean +
                         std::sqrt(alpha) * (1 - next) / (1 - now) * latent;
    if (timesteps_[step] > 0) {
      const double small = std::max((1 - next) / (1 - now) * beta, kLeastVariance);
      const double variance = variance_ == DdpmVariance::kLarge ? beta : small;
      stepped += std::sqrt(variance) * noise.Draw(latent.sizes()).to(latent.device());
    }
    return stepped;
  }

 private:
  PredictionType prediction_;
  DdpmVariance variance_;
  std::vector<double> timesteps_;
  std::vector<double> alpha_bars_;  // at the timesteps, and 1 at the end
};

}  // namespace

std::unique_ptr<Solver> MakeDdpm(const NoiseSchedule& schedule, int steps) {
  return std::make_unique<Ddpm>(schedule, steps);
}

}  // namespace imprint::engine
