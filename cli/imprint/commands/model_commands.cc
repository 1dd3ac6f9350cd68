// imprint models list, add, remove.
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/imprint/client/base_models.h"
#include "cli/imprint/client/message_json.h"
#include "cli/imprint/client/models_list.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/command.h"
#include "cli/program/table.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

absl::Status PrintModels(CommandContext& context) {
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const auto models, ListModels(*gateway));
  Table table({"MODEL", "FINGERPRINT", "SIZE", "SAFETY", "LICENCE", "FOLDER"});
  for (const v1::BaseModel& model : models) {
    table.Add({std::string(ShortName(model.name())), model.fingerprint().substr(0, 12),
               absl::StrCat(model.picture_size()), model.has_safety_checker() ? "checker" : "none",
               model.licence(), model.folder()});
    context.console.Event("model", {{"name", model.name()}, {"details", ToJson(model)}});
  }
  context.console.Text(table.empty() ? "no base models\n" : table.Text());
  return absl::OkStatus();
}

absl::Status AddModel(NewModel model, CommandContext& context) {
  if (model.licence.empty()) model.licence = LicenceFromReadme(model.folder);
  if (model.licence.empty()) {
    std::error_code none;
    const bool here = std::filesystem::exists(model.folder, none);
    return FieldError("licence",
                      here ? "none, and there is no README.md with it that states one"
                           : absl::StrCat("none, and ", Quoted(model.folder),
                                          " is not on this machine, where its README.md could be "
                                          "read"),
                      "--licence TEXT");
  }
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  // Servers elsewhere have been told where their models lie by whoever runs them.
  std::error_code ignored;
  const bool here = context.server.empty() && std::filesystem::exists(model.folder, ignored);
  ASSIGN_OR_RETURN(const v1::BaseModel added, here
                                                  ? RegisterModelHere(context.home, *gateway, model)
                                                  : RegisterModel(*gateway, model));
  context.console.Line("model", absl::StrCat(added.name(), " (", added.fingerprint().substr(0, 12),
                                             "), ", added.licence()));
  context.console.Event("model", {{"name", added.name()}, {"details", ToJson(added)}});
  return absl::OkStatus();
}

absl::Status RemoveModel(const std::string& given, CommandContext& context) {
  v1::DeleteBaseModelRequest request;
  ASSIGN_OR_RETURN(*request.mutable_name(), ModelName(given));
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  v1::GetBaseModelRequest asked;
  asked.set_name(request.name());
  ASSIGN_OR_RETURN(const auto model, gateway->Call(&RegistryCalls::GetBaseModel, asked));
  RETURN_IF_ERROR(gateway->Call(&RegistryCalls::DeleteBaseModel, request).status());
  if (context.server.empty()) {
    ASSIGN_OR_RETURN(const auto others, ListModels(*gateway));
    RETURN_IF_ERROR(TidyModelsList(context.home, model.folder(), others));
  }
  context.console.Line("removed", request.name());
  context.console.Event("removed", {{"name", request.name()}});
  return absl::OkStatus();
}

}  // namespace

std::vector<Command> MakeModelCommands(CLI::App& app) {
  CLI::App* models = app.add_subcommand("models", "Base models that concepts are taught to.");
  models->require_subcommand(1);
  CLI::App* list = models->add_subcommand("list", "List the registered models.");
  CLI::App* add =
      models->add_subcommand("add", "Register a model that the registry and the nodes can read.");
  const auto model = std::make_shared<NewModel>();
  add->add_option("ID", model->id, "Its id: a-z, 0-9 and -")->type_name("")->required();
  add->add_option("PATH", model->folder, "A folder as Diffusers saves it, or one .safetensors file")
      ->type_name("")
      ->required();
  add->add_option("--licence", model->licence,
                  "Its licence; default: what the README.md of a folder on this machine states")
      ->type_name("TEXT");
  CLI::App* remove =
      models->add_subcommand("remove", "Take a model out of the list; its files stay.");
  const auto id = std::make_shared<std::string>();
  remove->add_option("ID", *id, "baseModels/ID, or the id alone")->type_name("")->required();
  return {{list, PrintModels},
          {add, [model](CommandContext& context) { return AddModel(*model, context); }},
          {remove, [id](CommandContext& context) { return RemoveModel(*id, context); }}};
}

}  // namespace imprint::cli
