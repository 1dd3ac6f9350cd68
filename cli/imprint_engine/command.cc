#include "cli/imprint_engine/command.h"

namespace imprint {

void AddModelOption(CLI::App& app, std::string& model, bool required) {
  CLI::Option* option =
      app.add_option("--model", model, "Folder of the base model, as Diffusers saves it")
          ->type_name("FOLDER")
          ->envname("IMPRINT_MODEL");
  if (required) option->required();
}

}  // namespace imprint
