// imprint references list, show, delete.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/imprint/client/age_text.h"
#include "cli/imprint/client/listing.h"
#include "cli/imprint/client/message_json.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/what_stays.h"
#include "cli/program/table.h"

#include "base/status_macros.h"

namespace imprint::cli {
namespace {

std::string PeopleText(const v1::Rights& rights) {
  if (rights.people() == v1::PEOPLE_SHOWN_NONE) return "shows nobody";
  return absl::StrCat("shows people: ", rights.consent());
}

absl::Status PrintReferenceSets(CommandContext& context) {
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  Table table({"REFERENCES", "PICTURES", "CREATED", "TITLE", "CREATOR", "LICENCE"});
  const absl::Time now = absl::Now();
  RETURN_IF_ERROR(ForEachPage(
      *gateway, &RegistryCalls::ListReferenceSets, v1::ListReferenceSetsRequest(),
      std::function<bool(const v1::ListReferenceSetsResponse&)>([&](const auto& page) {
        for (const v1::ReferenceSet& set : page.reference_sets()) {
          table.Add({std::string(ShortName(set.name())), absl::StrCat(set.pictures_size()),
                     AgeText(set.create_time(), now), set.title(), set.rights().creator(),
                     set.rights().licence()});
          context.console.Event("references", {{"name", set.name()}, {"details", ToJson(set)}});
        }
        return true;
      })));
  context.console.Text(table.empty() ? "no reference sets\n" : table.Text());
  return absl::OkStatus();
}

absl::Status ShowReferenceSet(const std::string& given, CommandContext& context) {
  v1::GetReferenceSetRequest request;
  ASSIGN_OR_RETURN(*request.mutable_name(), ReferenceSetName(given));
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const v1::ReferenceSet set,
                   gateway->Call(&RegistryCalls::GetReferenceSet, request));
  Console& console = context.console;
  console.Line("references", absl::StrCat(set.name(), ", ", set.title()));
  console.Line("rights", absl::StrCat("by ", set.rights().creator(), ", ", set.rights().licence(),
                                      ", ", PeopleText(set.rights())));
  for (const v1::ReferencePicture& picture : set.pictures()) {
    console.Line("picture",
                 absl::StrCat(picture.file_name(), ", ", picture.format(), ", ", picture.width(),
                              "×", picture.height(), ", ", BytesText(picture.bytes())));
  }
  for (const std::string& warning : set.warnings()) console.Warn(warning);
  console.Event("references", {{"name", set.name()}, {"details", ToJson(set)}});
  return absl::OkStatus();
}

absl::Status DeleteReferenceSet(const std::string& given, CommandContext& context) {
  v1::DeleteReferenceSetRequest request;
  ASSIGN_OR_RETURN(*request.mutable_name(), ReferenceSetName(given));
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const v1::DeleteReferenceSetResponse deleted,
                   gateway->Call(&RegistryCalls::DeleteReferenceSet, request));
  context.console.Line("deleted", absl::StrCat(request.name(), " and its pictures"));
  TellWhatStays(request.name(), deleted.embeddings(), deleted.image_sets(), context.console);
  return absl::OkStatus();
}

}  // namespace

std::vector<Command> MakeReferenceCommands(CLI::App& app) {
  CLI::App* references =
      app.add_subcommand("references", "Pictures that concepts are taught from, and their rights.");
  references->require_subcommand(1);
  CLI::App* list = references->add_subcommand("list", "List reference sets, newest first.");
  CLI::App* show = references->add_subcommand("show", "Show a reference set.");
  CLI::App* remove = references->add_subcommand(
      "delete",
      "Delete a reference set and its pictures, for good. What was taught from it stays, with the "
      "rights that it was taught under, and is named.");
  const auto name = std::make_shared<std::string>();
  for (CLI::App* command : {show, remove}) {
    command->add_option("SET", *name, "referenceSets/ID, or the id alone")
        ->type_name("")
        ->required();
  }
  return {{list, PrintReferenceSets},
          {show, [name](CommandContext& context) { return ShowReferenceSet(*name, context); }},
          {remove, [name](CommandContext& context) { return DeleteReferenceSet(*name, context); }}};
}

}  // namespace imprint::cli
