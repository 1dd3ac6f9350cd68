#include "engine/noise/ddim.h"

#include <cmath>
#include <vector>

#include "engine/noise/prediction.h"
#include "engine/noise/timestep_spacing.h"

namespace imprint::engine {
namespace {

class Ddim final : public Solver {
 public:
  Ddim(const NoiseSchedule& schedule, int steps, double eta)
      : prediction_(schedule.prediction()),
        eta_(eta),
        timesteps_(SpacedTimesteps(schedule.timesteps(),
                                   schedule.spacing_or(TimestepSpacing::kLeading), steps)) {
    const int64_t stride = schedule.timesteps() / steps;
    const double last = schedule.ends_at_one_or(true) ? 1.0 : schedule.AlphaBar(0);
    for (const double visited : timesteps_) {
      const auto timestep = static_cast<int64_t>(visited);
      // A stride below, as in Diffusers, also where the next visited timestep is another.
      const int64_t previous = timestep - stride;
      alpha_bars_.push_back(
          {schedule.AlphaBar(timestep), previous >= 0 ? schedule.AlphaBar(previous) : last});
    }
  }

  const std::vector<double>& timesteps() const override { return timesteps_; }

  NoiseLevel LevelAt(int index) const override { return LevelOf(At(index).now); }

  at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                  NoiseSource& noise) override {
    const auto [now, next] = At(index);
    const NoiseLevel level = LevelOf(now);
    const at::Tensor clean = CleanLatent(prediction_, level, latent, output);
    const at::Tensor direction = NoiseIn(prediction_, level, latent, output);
    // Equation 16's sigma squared; the rest is equation 12.
    const double variance = eta_ * eta_ * (1 - next) / (1 - now) * (1 - now / next);
    at::Tensor stepped =
        std::sqrt(next) * clean + std::sqrt(std::max(1 - next - variance, 0.0)) * direction;
    if (eta_ > 0) {
      stepped +=
          std::sqrt(std::max(variance, 0.0)) * noise.Draw(latent.sizes()).to(latent.device());
    }
    return stepped;
  }

 private:
  struct AlphaBars {
    double now;
    double next;
  };

  static NoiseLevel LevelOf(double alpha_bar) {
    return {std::sqrt(alpha_bar), std::sqrt(1 - alpha_bar)};
  }

  const AlphaBars& At(int index) const { return alpha_bars_[static_cast<size_t>(index)]; }

  PredictionType prediction_;
  double eta_;
  std::vector<double> timesteps_;
  std::vector<AlphaBars> alpha_bars_;
};

}  // namespace

std::unique_ptr<Solver> MakeDdim(const NoiseSchedule& schedule, int steps, double eta) {
  return std::make_unique<Ddim>(schedule, steps, eta);
}

}  // namespace imprint::engine
