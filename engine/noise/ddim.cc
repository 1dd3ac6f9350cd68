#include "engine/noise/ddim.h"

#include <algorithm>
#include <cmath>

namespace imprint {
namespace {

class Ddim final : public Solver {
 public:
  Ddim(const NoiseSchedule& schedule, int steps)
      : prediction_(schedule.prediction()), timesteps_(DdimTimesteps(schedule, steps)) {
    const int64_t stride = schedule.timesteps() / steps;
    const double last = schedule.ends_at_one() ? 1.0 : schedule.AlphaBar(0);
    for (const double visited : timesteps_) {
      const auto timestep = static_cast<int64_t>(visited);
      const int64_t previous = timestep - stride;
      alpha_bars_.push_back(
          {schedule.AlphaBar(timestep), previous >= 0 ? schedule.AlphaBar(previous) : last});
    }
  }

  const std::vector<double>& timesteps() const override { return timesteps_; }

  at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                  NoiseSource&) override {
    const AlphaBars& at_step = alpha_bars_[static_cast<size_t>(index)];
    const double signal = std::sqrt(at_step.now);
    const double deviation = std::sqrt(1 - at_step.now);
    at::Tensor clean;
    at::Tensor noise;
    if (prediction_ == PredictionType::kEpsilon) {
      noise = output;
      clean = (latent - deviation * output) / signal;
    } else {
      clean = signal * latent - deviation * output;
      noise = signal * output + deviation * latent;
    }
    return std::sqrt(at_step.next) * clean + std::sqrt(1 - at_step.next) * noise;
  }

 private:
  struct AlphaBars {
    double now;
    double next;
  };
  PredictionType prediction_;
  std::vector<double> timesteps_;
  std::vector<AlphaBars> alpha_bars_;
};

}  // namespace

std::vector<double> DdimTimesteps(const NoiseSchedule& schedule, int steps) {
  constexpr int64_t kStepsOffset = 1;
  const int64_t total = schedule.timesteps();
  std::vector<double> timesteps(steps);
  for (int i = 0; i < steps; ++i) {
    switch (schedule.spacing()) {
      case TimestepSpacing::kLeading:
        timesteps[steps - 1 - i] =
            static_cast<double>(std::min(i * (total / steps) + kStepsOffset, total - 1));
        break;
      case TimestepSpacing::kTrailing:
        timesteps[i] =
            std::nearbyint(static_cast<double>(total) - i * static_cast<double>(total) / steps) - 1;
        break;
      case TimestepSpacing::kLinspace:
        timesteps[steps - 1 - i] =
            steps == 1 ? 0.0 : std::nearbyint(i * static_cast<double>(total - 1) / (steps - 1));
        break;
    }
  }
  return timesteps;
}

std::unique_ptr<Solver> MakeDdim(const NoiseSchedule& schedule, int steps) {
  return std::make_unique<Ddim>(schedule, steps);
}

}  // namespace imprint
