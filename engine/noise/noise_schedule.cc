#include "engine/noise/noise_schedule.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::engine {
namespace {

// DPM++ and UniPC take two steps fewer than there are timesteps.
constexpr int64_t kMinTimesteps = 3;
constexpr int64_t kMaxTimesteps = 100'000;

constexpr absl::string_view kCosine = "squaredcos_cap_v2";

// Nichol & Dhariwal 2021, "Improved DDPM", equation 17, with their limit of .999.
at::Tensor SquaredCosineBetas(int64_t count) {
  const auto alpha_bar = [](double t) {
    return std::pow(std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2), 2);
  };
  std::vector<float> betas;
  for (int64_t i = 0; i < count; ++i) {
    const auto n = static_cast<double>(count);
    const double beta =
        1 - alpha_bar((static_cast<double>(i) + 1) / n) / alpha_bar(static_cast<double>(i) / n);
    betas.push_back(static_cast<float>(std::min(beta, 0.999)));
  }
  return at::tensor(betas);
}

absl::Status CheckTimesteps(const JsonObject& config, int64_t count) {
  if (count >= kMinTimesteps && count <= kMaxTimesteps) return absl::OkStatus();
  return FieldError(absl::StrCat(config.origin(), ": num_train_timesteps"), absl::StrCat(count),
                    "a number such as 1000");
}

absl::StatusOr<at::Tensor> TrainedBetas(const JsonObject& config, int64_t count) {
  constexpr const char* kKey = "trained_betas";
  ASSIGN_OR_RETURN(const auto betas, config.Get<std::vector<double>>(kKey));
  const std::string field = absl::StrCat(config.origin(), ": ", kKey);
  if (std::ssize(betas) != count) {
    return FieldError(field, absl::StrCat(betas.size(), " numbers"),
                      absl::StrCat(count, ", as num_train_timesteps says"));
  }
  for (const double beta : betas) {
    if (!(beta > 0 && beta < 1)) return FieldError(field, absl::StrCat(beta), "0 < beta < 1");
  }
  return at::tensor(betas).to(at::kFloat);
}

// What a configuration does not say is as in Diffusers' classes, which is not Stable Diffusion's.
absl::StatusOr<at::Tensor> ParseBetas(const JsonObject& config) {
  ASSIGN_OR_RETURN(const int64_t count, config.GetOr<int64_t>("num_train_timesteps", 1000));
  ASSIGN_OR_RETURN(const double start, config.GetOr<double>("beta_start", 0.0001));
  ASSIGN_OR_RETURN(const double end, config.GetOr<double>("beta_end", 0.02));
  ASSIGN_OR_RETURN(const std::string kind, config.GetOr<std::string>("beta_schedule", "linear"));
  RETURN_IF_ERROR(CheckTimesteps(config, count));
  if (config.Has("trained_betas")) return TrainedBetas(config, count);
  const auto refuse = [&](absl::string_view key, absl::string_view given,
                          absl::string_view expected) {
    return FieldError(absl::StrCat(config.origin(), ": ", key), given, expected);
  };
  if (!(start > 0 && start < 1)) return refuse("beta_start", absl::StrCat(start), "0 < beta < 1");
  if (!(end > 0 && end < 1)) return refuse("beta_end", absl::StrCat(end), "0 < beta < 1");
  // Stable Diffusion's, linear in the square root; in fp32, as Diffusers computes betas.
  if (kind == "scaled_linear") {
    return at::linspace(std::sqrt(start), std::sqrt(end), count, at::kFloat).square();
  }
  if (kind == "linear") return at::linspace(start, end, count, at::kFloat);
  if (kind == kCosine) return SquaredCosineBetas(count);
  return refuse("beta_schedule", Quoted(kind), "scaled_linear, linear or squaredcos_cap_v2");
}

absl::StatusOr<PredictionType> ParsePrediction(const JsonObject& config) {
  ASSIGN_OR_RETURN(const std::string name, config.GetOr<std::string>("prediction_type", "epsilon"));
  if (name == "epsilon") return PredictionType::kEpsilon;
  if (name == "v_prediction") return PredictionType::kVelocity;
  return FieldError(absl::StrCat(config.origin(), ": prediction_type"), Quoted(name),
                    "\"epsilon\" or \"v_prediction\"");
}

absl::StatusOr<std::optional<TimestepSpacing>> ParseSpacing(const JsonObject& config) {
  if (!config.Has("timestep_spacing")) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string name, config.Get<std::string>("timestep_spacing"));
  if (name == "leading") return TimestepSpacing::kLeading;
  if (name == "trailing") return TimestepSpacing::kTrailing;
  if (name == "linspace") return TimestepSpacing::kLinspace;
  return FieldError(absl::StrCat(config.origin(), ": timestep_spacing"), Quoted(name),
                    "\"leading\", \"trailing\" or \"linspace\"");
}

// Few-step models draw nothing good with any other solver than their own.
absl::Status RefuseDistilledModels(const JsonObject& config) {
  ASSIGN_OR_RETURN(const std::string name, config.GetOr<std::string>("_class_name", ""));
  if (name == "LCMScheduler") {
    return FieldError(absl::StrCat(config.origin(), ": _class_name"), Quoted(name),
                      "another scheduler: models that were distilled for it are not supported");
  }
  return absl::OkStatus();
}

// Lin et al. 2023, algorithm 1, in fp32 as Diffusers computes it.
at::Tensor RescaledToZeroTerminalSnr(const at::Tensor& betas) {
  const at::Tensor roots = (1.0 - betas).cumprod(0).sqrt();
  const at::Tensor first = roots[0].clone();
  const at::Tensor last = roots[-1].clone();
  // Shifts the last root to 0 and scales the first one back to where it was.
  const at::Tensor alpha_bars = ((roots - last) * (first / (first - last))).square();
  const at::Tensor alphas =
      at::cat({alpha_bars.slice(0, 0, 1), alpha_bars.slice(0, 1) / alpha_bars.slice(0, 0, -1)});
  return 1 - alphas;
}

at::Tensor AlphaBarsOf(const at::Tensor& betas) { return (1.0 - betas).cumprod(0).contiguous(); }

std::vector<float> ValuesOf(const at::Tensor& tensor) {
  const auto* values = tensor.const_data_ptr<float>();
  return {values, values + tensor.numel()};
}

}  // namespace

absl::string_view Name(PredictionType type) {
  return type == PredictionType::kEpsilon ? "epsilon" : "v_prediction";
}

absl::StatusOr<NoiseSchedule> NoiseSchedule::Parse(const JsonObject& config) {
  NoiseSchedule schedule;
  RETURN_IF_ERROR(RefuseDistilledModels(config));
  ASSIGN_OR_RETURN(at::Tensor betas, ParseBetas(config));
  ASSIGN_OR_RETURN(schedule.prediction_, ParsePrediction(config));
  ASSIGN_OR_RETURN(schedule.spacing_, ParseSpacing(config));
  if (config.Has("set_alpha_to_one")) {
    ASSIGN_OR_RETURN(schedule.ends_at_one_, config.Get<bool>("set_alpha_to_one"));
  }
  schedule.is_squared_cosine_ = config.Get<std::string>("beta_schedule").value_or("") == kCosine;
  ASSIGN_OR_RETURN(schedule.details_, SolverDetails::Parse(config));
  ASSIGN_OR_RETURN(const bool zero_snr, config.GetOr<bool>("rescale_betas_zero_snr", false));
  if (zero_snr) {
    if (schedule.prediction_ == PredictionType::kEpsilon) {
      return FieldError(absl::StrCat(config.origin(), ": rescale_betas_zero_snr"), "true",
                        "false, or the prediction_type \"v_prediction\": pure noise says nothing "
                        "about a picture");
    }
  }
  schedule.alpha_bars_unrescaled_ = ValuesOf(AlphaBarsOf(betas));
  if (zero_snr) betas = RescaledToZeroTerminalSnr(betas);
  schedule.alpha_bar_table_ = AlphaBarsOf(betas);
  schedule.alpha_bars_ = ValuesOf(schedule.alpha_bar_table_);
  return schedule;
}

NoiseSchedule NoiseSchedule::On(at::Device device) const {
  NoiseSchedule moved = *this;
  moved.alpha_bar_table_ = alpha_bar_table_.to(device);
  return moved;
}

double NoiseSchedule::AlphaBarAboveZero(int64_t timestep) const {
  const double alpha_bar = AlphaBar(timestep);
  return alpha_bar > 0 ? alpha_bar : 0x1p-24;
}

std::pair<at::Tensor, at::Tensor> NoiseSchedule::Factors(const at::Tensor& timesteps,
                                                         int64_t dimensions) const {
  std::vector<int64_t> shape(static_cast<size_t>(dimensions), 1);
  shape[0] = timesteps.size(0);
  const at::Tensor alpha_bar = alpha_bar_table_.index_select(0, timesteps).view(shape);
  return {alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt()};
}

at::Tensor NoiseSchedule::AddNoise(const at::Tensor& latents, const at::Tensor& noise,
                                   const at::Tensor& timesteps) const {
  const auto [signal, deviation] = Factors(timesteps, latents.dim());
  return signal * latents + deviation * noise;
}

at::Tensor NoiseSchedule::Target(const at::Tensor& latents, const at::Tensor& noise,
                                 const at::Tensor& timesteps) const {
  if (prediction_ == PredictionType::kEpsilon) return noise;
  const auto [signal, deviation] = Factors(timesteps, latents.dim());
  return signal * noise - deviation * latents;
}

}  // namespace imprint::engine
