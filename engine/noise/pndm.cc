#include "engine/noise/pndm.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

#include "engine/noise/prediction.h"
#include "engine/noise/timestep_spacing.h"

namespace imprint::engine {
namespace {

std::vector<double> SecondTwice(std::vector<double> timesteps) {
  if (timesteps.size() > 1) timesteps.insert(timesteps.begin() + 1, timesteps[1]);
  return timesteps;
}

class Pndm final : public Solver {
 public:
  Pndm(const NoiseSchedule& schedule, int steps)
      : schedule_(schedule),
        stride_(schedule.timesteps() / steps),
        last_(schedule.ends_at_one_or(false) ? 1.0 : schedule.AlphaBarUnrescaled(0)),
        timesteps_(SecondTwice(SpacedTimesteps(
            schedule.timesteps(), schedule.spacing_or(TimestepSpacing::kLeading), steps))) {}

  const std::vector<double>& timesteps() const override { return timesteps_; }

  NoiseLevel LevelAt(int index) const override {
    return LevelOf(AlphaBar(static_cast<int64_t>(timesteps_[static_cast<size_t>(index)])));
  }

  at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                  NoiseSource&) override {
    const auto timestep = static_cast<int64_t>(timesteps_[static_cast<size_t>(index)]);
    if (index == 0) first_latent_ = latent;
    // Undefined where drawing began at a later step, from a picture.
    if (index == 1 && first_latent_.defined()) {
      // The first step again, with the mean of the outputs at both its ends. With as many steps as
      // there are timesteps, the sum is one beyond the last.
      const int64_t first = std::min(timestep + stride_, schedule_.timesteps() - 1);
      return Transfer(first, timestep, first_latent_, (output + outputs_.back()) / 2);
    }
    outputs_.push_back(output);
    if (outputs_.size() > 4) outputs_.pop_front();
    return Transfer(timestep, timestep - stride_, latent, Extrapolated());
  }

 private:
  static NoiseLevel LevelOf(double alpha_bar) {
    return {std::sqrt(alpha_bar), std::sqrt(1 - alpha_bar)};
  }

  double AlphaBar(int64_t timestep) const {
    return timestep < 0 ? last_ : schedule_.AlphaBarUnrescaled(timestep);
  }

  // Adams-Bashforth of the highest order that the remembered outputs allow.
  at::Tensor Extrapolated() const {
    const auto e = [&](size_t back) { return outputs_[outputs_.size() - back]; };
    switch (outputs_.size()) {
      case 1:
        return e(1);
      case 2:
        return (3 * e(1) - e(2)) / 2;
      case 3:
        return (23 * e(1) - 16 * e(2) + 5 * e(3)) / 12;
      default:
        return (55 * e(1) - 59 * e(2) + 37 * e(3) - 9 * e(4)) / 24;
    }
  }

  // Equation 9.
  at::Tensor Transfer(int64_t from, int64_t to, const at::Tensor& latent,
                      const at::Tensor& output) const {
    const double now = AlphaBar(from);
    const double next = AlphaBar(to);
    const at::Tensor noise = NoiseIn(schedule_.prediction(), LevelOf(now), latent, output);
    const double divisor = now * std::sqrt(1 - next) + std::sqrt(now * (1 - now) * next);
    return std::sqrt(next / now) * latent - (next - now) / divisor * noise;
  }

  NoiseSchedule schedule_;
  int64_t stride_;
  double last_;
  std::vector<double> timesteps_;
  at::Tensor first_latent_;
  std::deque<at::Tensor> outputs_;
};

}  // namespace

std::unique_ptr<Solver> MakePndm(const NoiseSchedule& schedule, int steps) {
  return std::make_unique<Pndm>(schedule, steps);
}

}  // namespace imprint::engine
