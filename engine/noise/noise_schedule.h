// The amount of noise at each timestep (Ho et al. 2020, "Denoising Diffusion Probabilistic
// Models").
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

#include "base/json_object.h"
#include "engine/noise/solver_details.h"

namespace imprint::engine {

// The quantity that the network was trained to predict: the noise epsilon, or the velocity v =
// sqrt(alpha) epsilon - sqrt(1 - alpha) x0 (Salimans & Ho 2022, appendix D).
enum class PredictionType { kEpsilon, kVelocity };

// Returns "epsilon" or "v_prediction", as in configurations.
absl::string_view Name(PredictionType type);

// How the timesteps that a solver visits are spaced (Lin et al. 2023, "Common Diffusion Noise
// Schedules and Sample Steps Are Flawed", table 2).
enum class TimestepSpacing { kLeading, kTrailing, kLinspace };

// Holds the cumulative products alpha_bar of the training schedule. Immutable; thread-safe.
class NoiseSchedule {
 public:
  // Parses scheduler_config.json: scaled_linear, linear, squared-cosine or given betas, rescaled to
  // zero terminal signal if it says so (Lin et al. 2023, algorithm 1); missing fields have the
  // defaults of Diffusers' classes. INVALID_ARGUMENT naming the field otherwise.
  static absl::StatusOr<NoiseSchedule> Parse(const JsonObject& config);

  // Returns the schedule for latents on that device.
  NoiseSchedule On(at::Device device) const;

  int64_t timesteps() const { return static_cast<int64_t>(alpha_bars_.size()); }
  // Returns alpha_bar at a timestep, computed in fp32 as Diffusers does.
  double AlphaBar(int64_t timestep) const { return alpha_bars_[static_cast<size_t>(timestep)]; }

  // Returns the same, but 2^-24 where alpha_bar is 0, as Diffusers does for solvers that divide by
  // it. Small values stay: squared-cosine betas end at 2.4e-9.
  double AlphaBarAboveZero(int64_t timestep) const;

  // Returns alpha_bar of the betas before they were rescaled, if they were: Diffusers' PNDM does
  // not support rescaling.
  double AlphaBarUnrescaled(int64_t timestep) const {
    return alpha_bars_unrescaled_[static_cast<size_t>(timestep)];
  }

  // Returns sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) noise for latents [n, ...] and timesteps [n]
  // (int64), all on the schedule's device.
  at::Tensor AddNoise(const at::Tensor& latents, const at::Tensor& noise,
                      const at::Tensor& timesteps) const;

  // Returns what the network should predict for these.
  at::Tensor Target(const at::Tensor& latents, const at::Tensor& noise,
                    const at::Tensor& timesteps) const;

  PredictionType prediction() const { return prediction_; }
  // Returns the configuration's spacing, or `fallback` if it has none: solvers differ in their
  // defaults.
  TimestepSpacing spacing_or(TimestepSpacing fallback) const { return spacing_.value_or(fallback); }
  // Returns whether the step after the last goes to alpha_bar 1 (otherwise to alpha_bar of timestep
  // 0).
  bool ends_at_one_or(bool fallback) const { return ends_at_one_.value_or(fallback); }
  // Returns whether its betas are those of Nichol & Dhariwal 2021.
  bool is_squared_cosine() const { return is_squared_cosine_; }
  // Returns the settings of individual solvers.
  const SolverDetails& details() const { return details_; }

 private:
  NoiseSchedule() = default;
  // Returns sqrt(alpha_bar) and sqrt(1 - alpha_bar) at the timesteps, shaped to multiply a tensor
  // of `dimensions` dimensions.
  std::pair<at::Tensor, at::Tensor> Factors(const at::Tensor& timesteps, int64_t dimensions) const;

  std::vector<float> alpha_bars_;
  std::vector<float> alpha_bars_unrescaled_;
  at::Tensor alpha_bar_table_;  // the same, fp32 [timesteps]
  PredictionType prediction_ = PredictionType::kEpsilon;
  std::optional<TimestepSpacing> spacing_;
  std::optional<bool> ends_at_one_;
  bool is_squared_cosine_ = false;
  SolverDetails details_;
};

}  // namespace imprint::engine
