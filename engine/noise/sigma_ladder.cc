#include "engine/noise/sigma_ladder.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "engine/noise/timestep_spacing.h"

namespace imprint::engine {
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
    // numpy.interp, also for the last timestep, which has none above it.
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
  // Diffusers' _sigma_to_t, with its bound.
  const double log_sigma = std::log(std::max(sigma, 1e-10));
  const auto log_at = [&](size_t t) { return double{std::log(training[t])}; };
  size_t below = 0;
  while (below + 2 < training.size() && log_at(below + 1) <= log_sigma) ++below;
  const double weight =
      std::clamp((log_at(below) - log_sigma) / (log_at(below) - log_at(below + 1)), 0.0, 1.0);
  return (1 - weight) * static_cast<double>(below) + weight * static_cast<double>(below + 1);
}

// The range that Karras levels span where the configuration gives none, and how their fractional
// timesteps become what the solver visits.
struct KarrasLevels {
  bool of_timesteps;  // else of the whole schedule
  double (*timestep)(double);
};

SigmaLadder Ladder(const NoiseSchedule& schedule, std::vector<double> timesteps,
                   const std::optional<KarrasLevels>& karras) {
  const std::vector<float> training = TrainingSigmas(schedule);
  std::vector<double> sigmas = SigmasAt(training, timesteps);
  const SolverDetails& details = schedule.details();
  if (karras) {
    const double highest = karras->of_timesteps ? sigmas.front() : training.back();
    const double lowest = karras->of_timesteps ? sigmas.back() : training.front();
    sigmas = KarrasSigmas(details.largest_sigma.value_or(highest),
                          details.least_sigma.value_or(lowest), static_cast<int>(timesteps.size()));
    std::transform(sigmas.begin(), sigmas.end(), timesteps.begin(),
                   [&](double sigma) { return karras->timestep(TimestepOf(sigma, training)); });
  }
  sigmas.push_back(details.ends_at_least_sigma ? training[0] : 0.0);
  for (double& sigma : sigmas) sigma = static_cast<float>(sigma);
  return {std::move(timesteps), std::move(sigmas)};
}

}  // namespace

SigmaLadder EulerLadder(const NoiseSchedule& schedule, int steps, bool karras) {
  std::optional<KarrasLevels> levels;
  if (karras) {
    levels = {true, [](double timestep) { return double{static_cast<float>(timestep)}; }};
  }
  return Ladder(schedule,
                FractionalTimesteps(schedule.timesteps(),
                                    schedule.spacing_or(TimestepSpacing::kLinspace), steps),
                levels);
}

SigmaLadder WithLogSigmasAsTimesteps(SigmaLadder ladder) {
  std::transform(ladder.timesteps.begin(), ladder.timesteps.end(), ladder.sigmas.begin(),
                 ladder.timesteps.begin(), [](double, double sigma) {
                   return double{0.25F * std::log(static_cast<float>(sigma))};
                 });
  return ladder;
}

SigmaLadder MultistepLadder(const NoiseSchedule& schedule, int steps, bool karras,
                            WholeTimesteps whole) {
  std::optional<KarrasLevels> levels;
  if (karras) {
    levels = {false, [](double timestep) { return std::nearbyint(timestep); }};
    if (whole == WholeTimesteps::kCut) {
      levels->timestep = [](double timestep) { return std::floor(timestep); };
    }
  }
  return Ladder(schedule,
                MultistepTimesteps(schedule.timesteps(),
                                   schedule.spacing_or(TimestepSpacing::kLinspace), steps),
                levels);
}

NoiseLevel LevelOfSigma(double sigma) {
  const double signal = 1 / std::sqrt(sigma * sigma + 1);
  return {signal, sigma * signal};
}

}  // namespace imprint::engine
