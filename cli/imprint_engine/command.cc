#include "cli/imprint_engine/command.h"

#include "base/status_macros.h"

namespace imprint {

void AddModelOption(CLI::App& app, std::string& model, bool required) {
  CLI::Option* option =
      app.add_option("--model", model,
                     "Base model: a folder as Diffusers saves it, or one .safetensors file")
          ->type_name("PATH")
          ->envname("IMPRINT_MODEL");
  if (required) option->required();
}

void AddPrecisionOption(CLI::App& app, std::string& precision) {
  app.add_option("--precision", precision,
                 "fp32, bf16, or auto: bf16 where the processor multiplies it")
      ->type_name("NAME")
      ->capture_default_str();
}

absl::StatusOr<Precision> ChoosePrecision(absl::string_view name) {
  ASSIGN_OR_RETURN(const auto precision, ParsePrecision("precision", name));
  return precision.value_or(AutoPrecision());
}

}  // namespace imprint
