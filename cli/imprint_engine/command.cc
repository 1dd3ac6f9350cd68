#include "cli/imprint_engine/command.h"

#include "absl/strings/str_cat.h"

namespace imprint {

absl::Status ForOption(absl::string_view option, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(option, ": ", status.message()));
}

void AddModelOption(CLI::App& app, std::string& model, bool required) {
  CLI::Option* option =
      app.add_option("--model", model, "Folder of the base model, as Diffusers saves it")
          ->type_name("FOLDER")
          ->envname("IMPRINT_MODEL");
  if (required) option->required();
}

}  // namespace imprint
