#include "orders/solver_choice.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

constexpr absl::string_view kKarras = "karras";

struct Method {
  SolverMethod method;
  absl::string_view name;
  absl::string_view diffusers_class;
  absl::string_view label;  // AUTOMATIC1111's
  bool has_karras;
};

constexpr Method kMethods[] = {
    {SolverMethod::kDdim, "ddim", "DDIMScheduler", "DDIM", false},
    {SolverMethod::kDdpm, "ddpm", "DDPMScheduler", "DDPM", false},
    {SolverMethod::kPndm, "pndm", "PNDMScheduler", "PLMS", false},
    {SolverMethod::kEuler, "euler", "EulerDiscreteScheduler", "Euler", true},
    {SolverMethod::kEulerAncestral, "euler_a", "EulerAncestralDiscreteScheduler", "Euler a", false},
    {SolverMethod::kDpmpp2m, "dpmpp_2m", "DPMSolverMultistepScheduler", "DPM++ 2M", true},
    // Diffusers has one class for both, and tells them apart by its algorithm_type.
    {SolverMethod::kDpmpp2mSde, "dpmpp_2m_sde", "", "DPM++ 2M SDE", true},
    {SolverMethod::kUniPc, "unipc", "UniPCMultistepScheduler", "UniPC", true},
};

const Method& Describe(SolverMethod method) {
  return *std::find_if(std::begin(kMethods), std::end(kMethods),
                       [&](const Method& known) { return known.method == method; });
}

// Lower case, without what people leave out or put in: "DPM++ 2M" and "dpm++_2m" are one.
std::string Plain(absl::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != ' ' && c != '_' && c != '-') plain += absl::ascii_tolower(c);
  }
  return plain;
}

bool IsNamed(const Method& method, absl::string_view plain) {
  const std::string klass = Plain(method.diffusers_class);
  return plain == Plain(method.name) || plain == Plain(method.label) ||
         (!klass.empty() && (plain == klass || plain == absl::StripSuffix(klass, "scheduler")));
}

}  // namespace

std::string Name(const SolverChoice& choice) {
  return absl::StrCat(Describe(choice.method).name, choice.karras ? "_karras" : "");
}

std::vector<std::string> SolverNames() {
  std::vector<std::string> names;
  for (const Method& method : kMethods) {
    names.push_back(Name({method.method}));
    if (method.has_karras) names.push_back(Name({method.method, true}));
  }
  return names;
}

absl::StatusOr<SolverChoice> ParseSolver(absl::string_view field, absl::string_view name) {
  const std::string plain = Plain(name);
  absl::string_view method_name = plain;
  const bool karras = absl::ConsumeSuffix(&method_name, kKarras);
  for (const Method& method : kMethods) {
    if (IsNamed(method, method_name) && (method.has_karras || !karras)) {
      return SolverChoice{method.method, karras};
    }
  }
  return FieldError(field, Quoted(name),
                    absl::StrCat("one of ", absl::StrJoin(SolverNames(), ", ")));
}

bool HasKarras(SolverMethod method) { return Describe(method).has_karras; }

int Evaluations(const SolverChoice& choice, int steps) {
  return choice.method == SolverMethod::kPndm && steps > 1 ? steps + 1 : steps;
}

int FirstEvaluation(const SolverChoice& choice, int steps, double strength) {
  const int walked = std::min(static_cast<int>(steps * strength), steps);
  const int repeated = Evaluations(choice, steps) - steps;
  return walked == steps ? 0 : steps - walked + repeated;
}

int MostSteps(const SolverChoice& choice, int timesteps) {
  const bool multistep = choice.method == SolverMethod::kDpmpp2m ||
                         choice.method == SolverMethod::kDpmpp2mSde ||
                         choice.method == SolverMethod::kUniPc;
  return multistep ? timesteps - 2 : timesteps;
}

absl::Status CheckSolving(const SolverChoice& choice, int steps, int timesteps, double eta) {
  const int most = MostSteps(choice, timesteps);
  if (steps < 1 || steps > most) {
    return FieldError("steps", absl::StrCat(steps),
                      absl::StrCat("a whole number from 1 to ", most));
  }
  RETURN_IF_ERROR(CheckNumber("eta", eta, 0, 1));
  if (eta > 0 && choice.method != SolverMethod::kDdim) {
    return FieldError("eta", absl::StrCat(eta),
                      absl::StrCat("0 with ", Name(choice), "; ddim alone has one"));
  }
  return absl::OkStatus();
}

}  // namespace imprint
