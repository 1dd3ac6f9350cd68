#include "engine/model_files/models_solver.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include <nlohmann/json.hpp>

namespace imprint::engine {
namespace {

// A field that turns a class of Diffusers into another method than ours.
struct Variant {
  absl::string_view key;
  std::vector<SolverMethod> methods;
  // What it is where it is missing, and what it may be.
  nlohmann::json fallback;
  std::vector<nlohmann::json> ours;
  // Whether the name of a solver says it, so that who gives the name overrides the configuration.
  bool named = false;
};

const std::vector<Variant>& Variants() {
  static const auto* const variants = [] {
    const std::vector<SolverMethod> dpmpp = {SolverMethod::kDpmpp2m, SolverMethod::kDpmpp2mSde};
    const std::vector<SolverMethod> over_sigma = {SolverMethod::kEuler, SolverMethod::kDpmpp2m,
                                                  SolverMethod::kDpmpp2mSde, SolverMethod::kUniPc};
    const std::vector<SolverMethod> clean_latents = {
        SolverMethod::kDdim, SolverMethod::kDdpm, SolverMethod::kDpmpp2m, SolverMethod::kDpmpp2mSde,
        SolverMethod::kUniPc};
    const std::vector<SolverMethod> multistep = {SolverMethod::kDpmpp2m, SolverMethod::kDpmpp2mSde,
                                                 SolverMethod::kUniPc};
    return new std::vector<Variant>{
        {"skip_prk_steps", {SolverMethod::kPndm}, false, {true}, true},
        {"thresholding", clean_latents, false, {false}},
        // Its logarithm of the small variance is the small variance again by the time it is used.
        {"variance_type",
         {SolverMethod::kDdpm},
         "fixed_small",
         {"fixed_small", "fixed_small_log", "fixed_large"}},
        // Networks that learned a variance have eight outputs; the others do not matter here.
        {"variance_type",
         dpmpp,
         nullptr,
         {nullptr, "fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log"}},
        {"interpolation_type", {SolverMethod::kEuler}, "linear", {"linear"}},
        {"timestep_type", {SolverMethod::kEuler}, "discrete", {"discrete", "continuous"}},
        {"use_exponential_sigmas", over_sigma, false, {false}},
        {"use_beta_sigmas", over_sigma, false, {false}},
        {"use_flow_sigmas", multistep, false, {false}},
        {"use_lu_lambdas", dpmpp, false, {false}},
        // Diffusers takes the last names of each list for the first.
        {"algorithm_type", dpmpp, "dpmsolver++", {"dpmsolver++", "sde-dpmsolver++", "deis"}, true},
        {"solver_type", dpmpp, "midpoint", {"midpoint", "logrho", "bh1", "bh2"}, true},
        {"solver_type", {SolverMethod::kUniPc}, "bh2", {"bh2", "midpoint", "heun", "logrho"}, true},
        {"solver_order", multistep, 2, {2}, true},
        {"predict_x0", {SolverMethod::kUniPc}, true, {true}, true},
        {"lower_order_final", {SolverMethod::kUniPc}, true, {true}},
        {"solver_p", {SolverMethod::kUniPc}, nullptr, {nullptr}},
        {"use_dynamic_shifting", {SolverMethod::kUniPc}, false, {false}},
        {"shift_terminal", {SolverMethod::kUniPc}, nullptr, {nullptr}},
    };
  }();
  return *variants;
}

// Every field of the classes that we have methods of. Ours honour those that are not in Variants;
// clipping and the offset of steps are what Stable Diffusion's pipeline makes of them, and the
// numbers of thresholding, flow and shifting count only with these.
constexpr absl::string_view kKnownFields[] = {"num_train_timesteps",
                                              "beta_start",
                                              "beta_end",
                                              "beta_schedule",
                                              "trained_betas",
                                              "prediction_type",
                                              "timestep_spacing",
                                              "steps_offset",
                                              "rescale_betas_zero_snr",
                                              "set_alpha_to_one",
                                              "clip_sample",
                                              "clip_sample_range",
                                              "sample_max_value",
                                              "dynamic_thresholding_ratio",
                                              "use_karras_sigmas",
                                              "sigma_min",
                                              "sigma_max",
                                              "final_sigmas_type",
                                              "euler_at_final",
                                              "lower_order_final",
                                              "lambda_min_clipped",
                                              "flow_shift",
                                              "time_shift_type",
                                              "use_dynamic_shifting",
                                              "disable_corrector"};

nlohmann::json FieldOf(const JsonObject& config, absl::string_view key,
                       const nlohmann::json& fallback) {
  return config.Has(key) ? config.json()[std::string(key)] : fallback;
}

bool Contains(const auto& list, const auto& wanted) {
  return std::find(std::begin(list), std::end(list), wanted) != std::end(list);
}

// The lowest level where it is not minus infinity: the ladder then begins later.
bool ClipsLambda(const JsonObject& config) {
  const auto clip = config.Get<double>("lambda_min_clipped");
  return clip.ok() && *clip > std::numeric_limits<double>::lowest();
}

// Karras levels of UniPC end twice at the least one there, and Diffusers divides by their distance.
bool EndsTwice(const JsonObject& config) {
  return FieldOf(config, "use_karras_sigmas", false) == true &&
         FieldOf(config, "final_sigmas_type", "zero") == "sigma_min";
}

// What the method would have to do and ours does not.
std::vector<std::string> NotOurs(const JsonObject& config, SolverMethod method, bool by_name) {
  std::vector<std::string> fields;
  for (const Variant& variant : Variants()) {
    if ((by_name && variant.named) || !Contains(variant.methods, method)) continue;
    if (!Contains(variant.ours, FieldOf(config, variant.key, variant.fallback))) {
      fields.emplace_back(variant.key);
    }
  }
  const bool dpmpp = method == SolverMethod::kDpmpp2m || method == SolverMethod::kDpmpp2mSde;
  if (dpmpp && ClipsLambda(config)) fields.emplace_back("lambda_min_clipped");
  if (method == SolverMethod::kUniPc && EndsTwice(config)) fields.emplace_back("final_sigmas_type");
  return fields;
}

std::string Described(const JsonObject& config, const std::vector<std::string>& fields) {
  std::vector<std::string> described;
  for (const std::string& field : fields) {
    described.push_back(absl::StrCat(field, " ", FieldOf(config, field, nullptr).dump()));
  }
  return absl::StrJoin(described, ", ");
}

// " with use_beta_sigmas true": what the file says for a class that does not count.
std::string WithItsFields(const JsonObject& config, const std::string& name) {
  const auto solver = ParseSolver("_class_name", name);
  if (!solver.ok()) return "";
  const auto fields = NotOurs(config, solver->method, /*by_name=*/false);
  return fields.empty() ? "" : absl::StrCat(" with ", Described(config, fields));
}

}  // namespace

ModelsSolver SolverOf(const JsonObject& config) {
  const auto text = [&](const char* key) { return config.Get<std::string>(key).value_or(""); };
  const auto ddim = [&](absl::string_view asked) {
    return ModelsSolver{{SolverMethod::kDdim},
                        absl::StrCat(config.origin(), " asks for ", asked,
                                     ", which Imprint has not; ddim is the default instead")};
  };
  const std::string name = text("_class_name");
  const std::string of_file = text("_class_of_file");
  const auto named = ParseSolver("_class_name", name);
  if (!named.ok()) return ddim(name.empty() ? "no scheduler's class" : name);
  SolverChoice choice{named->method};
  const std::vector<std::string> fields = NotOurs(config, choice.method, /*by_name=*/false);
  if (!fields.empty()) return ddim(absl::StrCat(name, " with ", Described(config, fields)));
  if (choice.method == SolverMethod::kDpmpp2m && text("algorithm_type") == "sde-dpmsolver++") {
    choice.method = SolverMethod::kDpmpp2mSde;
  }
  choice.karras = HasKarras(choice.method) && config.Get<bool>("use_karras_sigmas").value_or(false);
  if (of_file.empty()) return {choice, ""};
  return {choice,
          absl::StrCat(config.origin(), " is of ", of_file, WithItsFields(config, of_file),
                       ", but model_index.json says ", name, ", which counts, as in Diffusers")};
}

std::vector<std::string> FieldsNotHonoured(const JsonObject& config, const SolverChoice& choice) {
  return NotOurs(config, choice.method, /*by_name=*/true);
}

std::vector<std::string> UnknownSchedulerFields(const JsonObject& config) {
  std::vector<std::string> unknown;
  for (const auto& [key, value] : config.json().items()) {
    const bool known =
        absl::StartsWith(key, "_") || Contains(kKnownFields, key) ||
        std::any_of(Variants().begin(), Variants().end(),
                    [&key = key](const auto& variant) { return variant.key == key; });
    if (!known) unknown.push_back(key);
  }
  return unknown;
}

}  // namespace imprint::engine
