#include "cli/imprint_engine/command.h"

namespace imprint {

void AddModelOption(CLI::App& app, std::string& model, bool required) {
  CLI::Option* option =
      app.add_option("--model", model,
                     "Base model: a folder as Diffusers saves it, or one .safetensors file")
          ->type_name("PATH")
          ->envname("IMPRINT_MODEL");
  if (required) option->required();
}

}  // namespace imprint
