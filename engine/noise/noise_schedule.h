// How much noise each timestep has (Ho et al. 2020, "Denoising Diffusion Probabilistic Models").
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <ATen/ATen.h>

#include "base/json_object.h"

namespace imprint {

// What the network was trained to predict: the noise epsilon, or the velocity
// v = sqrt(alpha) epsilon - sqrt(1 - alpha) x0 (Salimans & Ho 2022, appendix D).
enum class PredictionType { kEpsilon, kVelocity };

// "epsilon" or "v_prediction", as configurations have it.
absl::string_view Name(PredictionType type);

// Which of the training timesteps a solver visits (Lin et al. 2023, "Common Diffusion Noise
// Schedules and Sample Steps Are Flawed", table 2).
enum class TimestepSpacing { kLeading, kTrailing, kLinspace };

// Cumulative products alpha_bar of the training schedule. Immutable; thread-safe.
class NoiseSchedule {
 public:
  // From scheduler_config.json: scaled_linear, linear or squared-cosine betas. INVALID_ARGUMENT
  // naming the field otherwise.
  static absl::StatusOr<NoiseSchedule> Parse(const JsonObject& config);

  int64_t timesteps() const { return static_cast<int64_t>(alpha_bars_.size()); }
  // alpha_bar at a timestep, computed in fp32 as Diffusers does.
  double AlphaBar(int64_t timestep) const { return alpha_bars_[static_cast<size_t>(timestep)]; }

  // sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) noise for latents [n, ...] and timesteps [n] (int64).
  at::Tensor AddNoise(const at::Tensor& latents, const at::Tensor& noise,
                      const at::Tensor& timesteps) const;

  // What the network should predict for these.
  at::Tensor Target(const at::Tensor& latents, const at::Tensor& noise,
                    const at::Tensor& timesteps) const;

  PredictionType prediction() const { return prediction_; }
  TimestepSpacing spacing() const { return spacing_; }
  // Whether the step after the last goes to alpha_bar 1 (else to alpha_bar of timestep 0).
  bool ends_at_one() const { return ends_at_one_; }

 private:
  NoiseSchedule() = default;
  // sqrt of alpha_bar and of 1 - alpha_bar at the timesteps, shaped to multiply `like`.
  std::pair<at::Tensor, at::Tensor> Factors(const at::Tensor& timesteps,
                                            const at::Tensor& like) const;

  std::vector<float> alpha_bars_;
  at::Tensor alpha_bar_table_;  // the same, fp32 [timesteps]
  PredictionType prediction_ = PredictionType::kEpsilon;
  TimestepSpacing spacing_ = TimestepSpacing::kLeading;
  bool ends_at_one_ = false;
};

}  // namespace imprint
