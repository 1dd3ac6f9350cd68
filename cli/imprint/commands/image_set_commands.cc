// imprint image-sets list, show, export.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "cli/imprint/client/age_text.h"
#include "cli/imprint/client/image_sets.h"
#include "cli/imprint/client/listing.h"
#include "cli/imprint/client/message_json.h"
#include "cli/imprint/client/prompt_embeddings.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/drawing.h"
#include "cli/imprint/commands/drawing_plan.h"
#include "cli/imprint/commands/picture_folder.h"
#include "cli/imprint/commands/plan_layout.h"
#include "cli/imprint/commands/set_commands.h"
#include "cli/imprint/commands/set_folder.h"
#include "cli/pictures/drawing_options.h"
#include "cli/program/table.h"

#include "base/status_macros.h"
#include "rpc/enum_text.h"
#include "sets/expansion_cache.h"

namespace imprint::cli {
namespace {

std::string ImageSetStateText(v1::ImageSetState state) {
  return EnumText(v1::ImageSetState_Name(state), "IMAGE_SET_STATE_");
}

std::string DoneText(const v1::ImageSet& set) {
  return absl::StrCat(set.items_done(), "/", set.items_total());
}

// By what somebody typed.
absl::StatusOr<v1::ImageSet> GivenImageSet(Gateway& gateway, const std::string& given) {
  ASSIGN_OR_RETURN(const std::string name, ImageSetName(given));
  return GetImageSet(gateway, name);
}

absl::Status PrintImageSets(CommandContext& context) {
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  Table table({"IMAGE SET", "STATE", "DONE", "BLOCKED", "CREATED", "TITLE"});
  const absl::Time now = absl::Now();
  RETURN_IF_ERROR(ForEachPage(
      *gateway, &RegistryCalls::ListImageSets, v1::ListImageSetsRequest(),
      std::function<bool(const v1::ListImageSetsResponse&)>([&](const auto& page) {
        for (const v1::ImageSet& set : page.image_sets()) {
          table.Add({std::string(ShortName(set.name())), ImageSetStateText(set.state()),
                     DoneText(set), absl::StrCat(set.items_blocked()),
                     AgeText(set.create_time(), now), set.title()});
          context.console.Event("image_set", {{"name", set.name()}, {"details", ToJson(set)}});
        }
        return true;
      })));
  context.console.Text(table.empty() ? "no image sets\n" : table.Text());
  return absl::OkStatus();
}

absl::Status ShowImageSet(const std::string& given, CommandContext& context) {
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const v1::ImageSet set, GivenImageSet(*gateway, given));
  Console& console = context.console;
  console.Line("image set", absl::StrCat(set.name(), ", ", ImageSetStateText(set.state())));
  if (!set.title().empty()) console.Line("title", set.title());
  console.Line("pictures", absl::StrCat(DoneText(set), ", ", set.items_blocked(), " blocked"));
  console.Line("drawn by", set.job());
  console.Line("model", absl::StrCat(set.spec().base_model(), " (",
                                     set.base_model_fingerprint().substr(0, 12), ")"));
  for (const std::string& name : set.spec().embeddings()) console.Line("embedding", name);
  for (const std::string& prompt : set.spec().prompts()) console.Line("prompt", prompt);
  if (set.spec().has_redraw()) console.Line("again", set.spec().redraw().image_set());
  if (!set.spec().extends().empty()) console.Line("extends", set.spec().extends());
  if (!set.spec().plan().empty()) console.Text(absl::StrCat("\n", set.spec().plan(), "\n"));
  console.Line("how", DescribeDrawing(set.spec()));
  console.Event("image_set", {{"name", set.name()}, {"details", ToJson(set)}});
  return absl::OkStatus();
}

// Says which pictures an export lacks, and whether they may still come; nothing if it has all.
void WarnOfMissing(const v1::ImageSet& set, int64_t pictures, Console& console) {
  if (pictures >= set.items_total()) return;
  const std::string part =
      absl::StrCat(set.name(), " has ", pictures, " of ", CountText(set.items_total(), "picture"));
  if (set.state() == v1::IMAGE_SET_STATE_OPEN) {
    console.Warn(absl::StrCat(part, " so far: ", set.job(),
                              " draws it; export again with --overwrite for the others"));
  } else if (set.state() == v1::IMAGE_SET_STATE_PARTIAL) {
    const std::string others =
        set.spec().plan().empty()
            ? absl::StrCat("imprint retry ", ShortName(set.job()), " draws the whole set anew")
            : absl::StrCat("imprint set extend PLAN --of ", ShortName(set.name()),
                           " draws the others");
    console.Warn(absl::StrCat(part, ": ", set.job(),
                              " was cancelled or failed before the others were drawn; ", others));
  }
}

struct ImageSetExport {
  std::string name;
  std::string out;
  bool overwrite = false;
  bool no_sheet = false;
  // Of a plan: the axis of the sheet's columns; empty is the last one.
  std::string columns;
};

absl::Status ExportImageSet(const ImageSetExport& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const v1::ImageSet set, GivenImageSet(*gateway, options.name));
  ASSIGN_OR_RETURN(PictureFolder folder, PictureFolder::Make(options.out, options.overwrite));
  const v1::ImageSetSpec& spec = set.spec();
  std::vector<v1::Embedding> embeddings;
  for (const std::string& name : spec.embeddings()) {
    ASSIGN_OR_RETURN(embeddings.emplace_back(), GetEmbedding(*gateway, name));
  }
  v1::BaseModel model;
  model.set_name(spec.base_model());
  model.set_fingerprint(set.base_model_fingerprint());
  if (!spec.plan().empty()) {
    ASSIGN_OR_RETURN(auto plan, sets::Expand(spec.plan()));
    ASSIGN_OR_RETURN(const PlanLayout layout, PlanLayout::Make(std::move(plan), options.columns));
    ASSIGN_OR_RETURN(nlohmann::json exported, CompleteSetFolder(set, model, embeddings, layout,
                                                                folder, *gateway, context.console));
    WarnOfMissing(set, set.items_done(), context.console);
    exported.update({{"name", set.name()},
                     {"state", ImageSetStateText(set.state())},
                     {"items_total", set.items_total()}});
    context.console.Event("exported", exported);
    return absl::OkStatus();
  }
  // Of a set that repeats others, each picture has a row of its own.
  const auto row_each = [](const v1::ItemRequest& item) -> absl::StatusOr<PlannedItem> {
    const auto index = static_cast<size_t>(item.index());
    return PlannedItem{.heading = item.prompt(),
                       .caption = absl::StrCat("seed ", item.seed()),
                       .number = index + 1,
                       .file_stem = PictureFileName(index + 1, item.prompt(), item.seed()),
                       .row = index};
  };
  ASSIGN_OR_RETURN(
      const auto counts,
      spec.has_redraw()
          ? folder.Complete(*gateway, set, row_each)
          : folder.Complete(*gateway, set,
                            PlacesIn(PlanSets({spec.prompts().begin(), spec.prompts().end()},
                                              {spec.seeds().begin(), spec.seeds().end()}, {})
                                         .front())));
  RETURN_IF_ERROR(folder.WriteManifest(model, embeddings));
  if (!options.no_sheet && counts.pictures > 0) {
    RETURN_IF_ERROR(
        folder.WriteSheet({.title = set.title().empty() ? JoinTokens(embeddings) : set.title(),
                           .subtitle = DescribeDrawing(spec)}));
  }
  context.console.Line("exported",
                       absl::StrCat(CountText(counts.pictures - counts.blocked, "picture"), " of ",
                                    set.name(), " to ", options.out));
  WarnOfBlocked(counts, context.console);
  WarnOfMissing(set, counts.pictures, context.console);
  context.console.Event("exported", {{"name", set.name()},
                                     {"state", ImageSetStateText(set.state())},
                                     {"items_total", set.items_total()},
                                     {"pictures", counts.pictures - counts.blocked},
                                     {"blocked", counts.blocked},
                                     {"manifest", folder.manifest().string()}});
  return absl::OkStatus();
}

absl::Status DeleteImageSet(const std::string& given, CommandContext& context) {
  v1::DeleteImageSetRequest request;
  ASSIGN_OR_RETURN(*request.mutable_name(), ImageSetName(given));
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  RETURN_IF_ERROR(gateway->Call(&RegistryCalls::DeleteImageSet, request).status());
  context.console.Line("deleted", absl::StrCat(request.name(), " and its pictures"));
  context.console.Event("deleted", {{"name", request.name()}});
  return absl::OkStatus();
}

Command MakeExportCommand(CLI::App* fetch) {
  const auto options = std::make_shared<ImageSetExport>();
  fetch->add_option("SET", options->name, "imageSets/ID, or the id alone")
      ->type_name("")
      ->required();
  fetch->add_option("--out", options->out, "For pictures, contact sheet and manifest")
      ->type_name("FOLDER")
      ->required();
  fetch->add_flag("--overwrite", options->overwrite,
                  "Replace what an earlier drawing left in the --out folder");
  fetch->add_flag("--no-sheet", options->no_sheet, "No contact sheet; a plan's always has one");
  fetch
      ->add_option("--columns", options->columns,
                   "Of a plan: axis of the contact sheet's columns; default: its last one")
      ->type_name("AXIS");
  return {fetch, [options](CommandContext& context) { return ExportImageSet(*options, context); }};
}

}  // namespace

Command MakeSetReportCommand(CLI::App& set) {
  return MakeExportCommand(set.add_subcommand(
      "report",
      "Fetch a plan's pictures, with manifest, contact sheet, and a report of what was drawn."));
}

std::vector<Command> MakeImageSetCommands(CLI::App& app) {
  CLI::App* sets = app.add_subcommand("image-sets", "Pictures that were drawn together.");
  sets->require_subcommand(1);
  CLI::App* list = sets->add_subcommand("list", "List image sets, newest first.");
  CLI::App* show = sets->add_subcommand("show", "Show what an image set is of.");
  CLI::App* remove =
      sets->add_subcommand("delete", "Delete an image set that is not being drawn, for good.");
  const auto name = std::make_shared<std::string>();
  for (CLI::App* command : {show, remove}) {
    command->add_option("SET", *name, "imageSets/ID, or the id alone")->type_name("")->required();
  }
  CLI::App* fetch = sets->add_subcommand(
      "export", "Fetch an image set's pictures, with manifest and contact sheet.");
  return {{list, PrintImageSets},
          {show, [name](CommandContext& context) { return ShowImageSet(*name, context); }},
          MakeExportCommand(fetch),
          {remove, [name](CommandContext& context) { return DeleteImageSet(*name, context); }}};
}

}  // namespace imprint::cli
