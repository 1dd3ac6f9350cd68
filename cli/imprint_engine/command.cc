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

void AddComputeFlags(CLI::App& app, FieldTable<ComputeOptions> rows, ComputeFlags& flags) {
  flags.rows = rows;
  flags.flags.emplace(app, rows, flags.options, "What it computes with", ShowDefaults::kYes);
  flags.flags->option("device")
      .description(
          "cpu, cuda, cuda:N, or auto: a GPU if there is one; \"imprint-engine devices\" "
          "lists them")
      ->envname("IMPRINT_DEVICE");
}

absl::StatusOr<ComputeOptions> ChooseCompute(ComputeFlags& flags, Console& console) {
  RETURN_IF_ERROR(flags.flags->TakeNames());
  ComputeOptions chosen = flags.options;
  ASSIGN_OR_RETURN(const engine::ChosenDevice device, engine::ChooseDevice(chosen.device));
  if (!device.warning.empty()) console.Warn(device.warning);
  chosen.device = device.facts.device;
  chosen.precision = chosen.precision.value_or(device.facts.precisions.front());
  RETURN_IF_ERROR(CheckCompute(chosen, flags.rows));
  return chosen;
}

}  // namespace imprint::cli
