#include "engine/noise/sigma_ladder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/noise/timestep_spacing.h"

namespace imprint {
namespace {

// At every training timestep, in fp32 as Diffusers computes them.
std::vector<float> TrainingSigmas(const NoiseSchedule& schedule) {
  std::vector<float> sigmas;
  for (int64_t t = 0; t < schedule.timesteps(); ++t) {
    const auto alpha_bar = static_cast<float>(schedule.AlphaBarAboveZero(t));
    sigmas.push_back(std::sqrt((1.0F - alpha_bar) / alpha_bar));
  }
  return sigmas;
}

std::vector<double> SigmasAt(const std::vector<float>& training, const std::vector<double>& times) {
  std::vector<double> sigmas;
  for (const double time : times) {
    const auto below = std::min(static_cast<size_t>(time), training.size() - 2);
    const double slope = double{training[below + 1]} - training[below];
    sigmas.push_back(slope * (time - static_cast<double>(below)) + training[below]);
  }
  return sigmas;
}

// Karras et al. 2022, equation 5, with their rho of 7.
std::vector<double> KarrasSigmas(double highest, double lowest, int steps) {
  constexpr double kRho = 7;
  const double from = std::pow(highest, 1 / kRho);
  const double to = std::pow(lowest, 1 / kRho);
  std::vector<double> sigmas;
  for (int i = 0; i < steps; ++i) {
    const double ramp = steps == 1 ? 0.0 : i * (1.0 / (steps - 1));
    sigmas.push_back(std::pow(from + ramp * (to - from), kRho));
  }
  return sigmas;
}

// The fractional timestep whose sigma this is, interpolated between logarithms.
double TimestepOf(double sigma, const std::vector<float>& training) {
  const double log_sigma = std::log(std::max(sigma, 1e-10));
  const auto log_at = [&](size_t t) { return double{std::log(training[t])}; };
  size_t below = 0;
  while (below + 2 < training.size() && log_at(below + 1) <= log_sigma) ++below;
  const double weight =
      std::clamp((log_at(below) - log_sigma) / (log_at(below) - log_at(below + 1)), 0.0, 1.0);
  return (1 - weight) * static_cast<double>(below) + weight * static_cast<double>(below + 1);
}

// What Karras levels lie between, and what their timesteps are rounded to.
enum class KarrasSpan { kTimestepsInFp32, kScheduleInWholeTimesteps };

SigmaLadder Ladder(const NoiseSchedule& schedule, std::vector<double> timesteps, bool karras,
                   KarrasSpan span) {
  const std::vector<float> training = TrainingSigmas(schedule);
  std::vector<double> sigmas = SigmasAt(training, timesteps);
  if (karras) {
    const bool whole = span == KarrasSpan::kScheduleInWholeTimesteps;
    sigmas =
        KarrasSigmas(whole ? training.back() : sigmas.front(),
                     whole ? training.front() : sigmas.back(), static_cast<int>(timesteps.size()));
    std::transform(sigmas.begin(), sigmas.end(), timesteps.begin(), [&](double sigma) {
      const double timestep = TimestepOf(sigma, training);
      return whole ? std::nearbyint(timestep) : double{static_cast<float>(timestep)};
    });
  }
  sigmas.push_back(schedule.ends_at_least_sigma() ? training[0] : 0.0);
  for (double& sigma : sigmas) sigma = static_cast<float>(sigma);
  return {std::move(timesteps), std::move(sigmas)};
}

}  // namespace

SigmaLadder EulerLadder(const NoiseSchedule& schedule, int steps, bool karras) {
  return Ladder(schedule,
                FractionalTimesteps(schedule.timesteps(),
                                    schedule.spacing_or(TimestepSpacing::kLinspace), steps),
                karras, KarrasSpan::kTimestepsInFp32);
}

SigmaLadder MultistepLadder(const NoiseSchedule& schedule, int steps, bool karras) {
  return Ladder(schedule,
                MultistepTimesteps(schedule.timesteps(),
                                   schedule.spacing_or(TimestepSpacing::kLinspace), steps),
                karras, KarrasSpan::kScheduleInWholeTimesteps);
}

NoiseLevel LevelOfSigma(double sigma) {
  const double signal = 1 / std::sqrt(sigma * sigma + 1);
  return {signal, sigma * signal};
}

}  // namespace imprint
