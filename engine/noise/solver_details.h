// The fields of a scheduler_config.json that concern individual solvers, besides the noise schedule
// that all share.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"

#include "base/json_object.h"

namespace imprint::engine {

// The choice between DDPM's two variances (Ho et al. 2020, section 3.2): that of a clean latent
// that is known, or the noise of the step.
enum class DdpmVariance { kSmall, kLarge };

// A plain value. Comments give Diffusers' names of the fields.
struct SolverDetails {
  // sigma_min and sigma_max: the range of Karras levels, instead of the schedule's own.
  std::optional<double> least_sigma;
  std::optional<double> largest_sigma;
  // final_sigmas_type: whether solvers over sigma end at the schedule's least sigma instead of 0.
  bool ends_at_least_sigma = false;
  // timestep_type "continuous": Euler gives networks that predict v a quarter of log sigma instead
  // of the timestep.
  bool log_sigma_as_timestep = false;
  DdpmVariance ddpm_variance = DdpmVariance::kSmall;  // variance_type
  // lower_order_final, euler_at_final: when the last step of DPM-Solver++ is of first order.
  bool first_order_ends_few_steps = true;
  bool first_order_ends = false;
  // disable_corrector: the steps after which UniPC does not correct.
  std::vector<int64_t> uncorrected_steps;

  // Parses scheduler_config.json. INVALID_ARGUMENT naming the field.
  static absl::StatusOr<SolverDetails> Parse(const JsonObject& config);
};

}  // namespace imprint::engine
