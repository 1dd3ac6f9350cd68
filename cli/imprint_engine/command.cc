#include "cli/imprint_engine/command.h"

#include "base/status_macros.h"
#include "engine/torch/device_check.h"

namespace imprint::cli {

void AddModelOption(CLI::App& app, std::string& model, bool required) {
  CLI::Option* option =
      app.add_option("--model", model,
                     "Base model: a folder as Diffusers saves it, or one .safetensors file")
          ->type_name("PATH")
          ->envname("IMPRINT_MODEL");
  if (required) option->required();
}

void AddComputeFlags(CLI::App& app, ComputeFlags& flags) {
  app.add_option("--device", flags.device,
                 "cpu, cuda, cuda:N, or auto: a GPU if there is one; \"imprint-engine devices\" "
                 "lists them")
      ->type_name("NAME")
      ->envname("IMPRINT_DEVICE")
      ->capture_default_str();
  app.add_option("--precision", flags.precision,
                 "fp32, bf16, fp16, or auto: the fastest that the device has")
      ->type_name("NAME")
      ->capture_default_str();
}

absl::StatusOr<ComputeChoice> ChooseCompute(const ComputeFlags& flags, Console& console) {
  ASSIGN_OR_RETURN(const auto precision, ParsePrecision("precision", flags.precision));
  ASSIGN_OR_RETURN(const ChosenDevice chosen, ChooseDevice("device", flags.device));
  if (!chosen.warning.empty()) console.Warn(chosen.warning);
  return ComputeChoice{chosen.facts.device, precision.value_or(chosen.facts.precisions.front())};
}

}  // namespace imprint::cli
