#include "engine/noise/solver_details.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::engine {
namespace {

absl::StatusOr<std::optional<double>> Sigma(const JsonObject& config, const char* key) {
  if (!config.Has(key)) return std::nullopt;
  ASSIGN_OR_RETURN(const double sigma, config.Get<double>(key));
  if (!(sigma > 0) || sigma > 1e6) {
    return FieldError(absl::StrCat(config.origin(), ": ", key), absl::StrCat(sigma),
                      "a noise level such as 0.03 or 14.6");
  }
  return sigma;
}

absl::StatusOr<bool> EndsAtLeastSigma(const JsonObject& config) {
  ASSIGN_OR_RETURN(const std::string name, config.GetOr<std::string>("final_sigmas_type", "zero"));
  if (name == "zero" || name == "sigma_min") return name == "sigma_min";
  return FieldError(absl::StrCat(config.origin(), ": final_sigmas_type"), Quoted(name),
                    "\"zero\" or \"sigma_min\"");
}

}  // namespace

absl::StatusOr<SolverDetails> SolverDetails::Parse(const JsonObject& config) {
  SolverDetails details;
  ASSIGN_OR_RETURN(details.least_sigma, Sigma(config, "sigma_min"));
  ASSIGN_OR_RETURN(details.largest_sigma, Sigma(config, "sigma_max"));
  ASSIGN_OR_RETURN(details.ends_at_least_sigma, EndsAtLeastSigma(config));
  ASSIGN_OR_RETURN(const std::string timestep_type,
                   config.GetOr<std::string>("timestep_type", "discrete"));
  details.log_sigma_as_timestep = timestep_type == "continuous";
  ASSIGN_OR_RETURN(const std::string variance,
                   config.GetOr<std::string>("variance_type", "fixed_small"));
  if (variance == "fixed_large") details.ddpm_variance = DdpmVariance::kLarge;
  ASSIGN_OR_RETURN(details.first_order_ends_few_steps,
                   config.GetOr<bool>("lower_order_final", true));
  ASSIGN_OR_RETURN(details.first_order_ends, config.GetOr<bool>("euler_at_final", false));
  ASSIGN_OR_RETURN(details.uncorrected_steps,
                   config.GetOr<std::vector<int64_t>>("disable_corrector", {}));
  return details;
}

}  // namespace imprint::engine
