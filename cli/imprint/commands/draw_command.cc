// imprint draw: from a command line to an order.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/drawing.h"
#include "cli/imprint/commands/job_options.h"
#include "cli/pictures/drawing_options.h"
#include "cli/program/given_flags.h"

#include "base/status_macros.h"
#include "orders/flags/field_flags.h"
#include "orders/picture_request.h"
#include "orders/wire/picture_wire.h"

namespace imprint::cli {
namespace {

// The command line where it still needs reading.
struct DrawOptions {
  DrawOrder order;
  std::vector<std::string> prompts;
  std::string prompt_file;
  std::string seeds = "1";
  std::string size;
  JobOptions job;
  PictureRequest pictures;
  std::optional<FieldFlags<PictureRequest>> flags;
  bool angle_brackets_are_text = false;
  bool no_sheet = false;
};

absl::StatusOr<v1::ImageSetSpec> MakeSpec(DrawOptions& options) {
  RETURN_IF_ERROR(options.flags->TakeNames());
  v1::ImageSetSpec spec;
  spec.mutable_prompts()->Assign(options.prompts.begin(), options.prompts.end());
  if (!options.prompt_file.empty()) {
    ASSIGN_OR_RETURN(const auto more, ReadPrompts(options.prompt_file));
    for (const std::string& prompt : more) spec.add_prompts(prompt);
  }
  ASSIGN_OR_RETURN(const auto seeds, ParseSeeds(options.seeds));
  spec.mutable_seeds()->Assign(seeds.begin(), seeds.end());
  ASSIGN_OR_RETURN(const PictureSize size, ParseSize(options.size));
  spec.set_width(size.width);
  spec.set_height(size.height);
  // What is not given is left to the server. It would take a zero for its default, so a zero that
  // makes no sense is refused here.
  RETURN_IF_ERROR(CheckFields(kPictureFields, options.pictures));
  FillPictures(
      options.pictures, [&](const auto& row) { return options.flags->Given(row.name); }, spec);
  spec.set_title(options.order.title);
  spec.set_angle_brackets_are_text(options.angle_brackets_are_text);
  return spec;
}

absl::Status CheckFlags(const CLI::App& draw, const DrawOptions& options) {
  if (options.job.no_wait) {
    RETURN_IF_ERROR(RefuseFlagsBeside("--no-wait: imprint image-sets export writes them later",
                                      draw, {"out", "overwrite", "references", "no-sheet"}));
  }
  if (options.no_sheet) RETURN_IF_ERROR(RefuseFlagsBeside("--no-sheet", draw, {"references"}));
  if (options.pictures.upscale == 1) {
    RETURN_IF_ERROR(RefuseFlagsWithout("--upscale", draw, {"upscale-strength"}));
  }
  return absl::OkStatus();
}

absl::StatusOr<DrawOrder> MakeOrder(const CLI::App& draw, DrawOptions& options) {
  RETURN_IF_ERROR(CheckFlags(draw, options));
  DrawOrder order = options.order;
  order.sheet = !options.no_sheet;
  ASSIGN_OR_RETURN(order.spec, MakeSpec(options));
  RETURN_IF_ERROR(TakeJobOptions(options.job, order));
  return order;
}

void AddHowOptions(CLI::App& draw, DrawOptions& options) {
  constexpr const char* kGroup = "How it is drawn";
  const auto add = [&](const char* name, auto& field, const char* text) {
    return draw.add_option(name, field, text)->group(kGroup);
  };
  add("--model", options.order.model, "Base model; default: the only one, or \"default\"")
      ->type_name("ID");
  add("--seeds", options.seeds, "Each prompt is drawn with each of these: 1,2,5-8")
      ->type_name("LIST")
      ->capture_default_str();
  options.flags.emplace(draw, kPictureFields, options.pictures,
                        "How it is drawn, by default as the server says", ShowDefaults::kNo);
  add("--size", options.size, "WIDTHxHEIGHT in pixels; default: the model's own")
      ->type_name("SIZE");
  draw.add_flag("--angle-brackets-are-text", options.angle_brackets_are_text,
                "Draw words in angle brackets that are no token as text; without it they are "
                "refused, as what is misspelt")
      ->group(kGroup);
}

void AddWhatOptions(CLI::App& draw, DrawOptions& options) {
  constexpr const char* kGroup = "What is written";
  DrawOrder& order = options.order;
  draw.add_option("--title", order.title,
                  "Name of the image set, heading of the sheet; default: the tokens")
      ->group(kGroup);
  draw.add_option("--references", order.references,
                  "Folder of pictures to show on top of the sheet: what was taught")
      ->type_name("FOLDER")
      ->group(kGroup);
  draw.add_flag("--compare", order.compare,
                "Draw each prompt with the class word, too, with the first two seeds")
      ->group(kGroup);
  draw.add_flag("--overwrite", order.overwrite,
                "Replace what an earlier drawing left in the --out folder")
      ->group(kGroup);
  draw.add_flag("--no-sheet", options.no_sheet, "No contact sheet")->group(kGroup);
}

}  // namespace

Command MakeDrawCommand(CLI::App& app) {
  const auto options = std::make_shared<DrawOptions>();
  DrawOrder& order = options->order;
  CLI::App* draw =
      app.add_subcommand("draw",
                         "Draw pictures, with learned concepts or without.\n\n"
                         "  imprint draw --prompt \"<rex> in the snow\" --prompt \"<rex> asleep\" "
                         "--seeds 1-4 --out pictures/\n");
  draw->add_option("--prompt", options->prompts, "What to draw; repeatable; needed")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  draw->add_option("--prompts", options->prompt_file, "File of prompts, one a line")
      ->type_name("FILE");
  draw->add_option("--embedding", order.embeddings,
                   "Embedding that the prompts use: rex, rex/3, rex/approved; repeatable; default: "
                   "that of each concept whose token a prompt has")
      ->type_name("NAME");
  draw->add_option("--out", order.out, "For pictures, contact sheet and manifest; needed")
      ->type_name("FOLDER");
  AddHowOptions(*draw, *options);
  AddWhatOptions(*draw, *options);
  AddJobOptions(*draw, "How it is drawn", "What is written", options->job);
  return {draw, [draw, options](CommandContext& context) -> absl::Status {
            ASSIGN_OR_RETURN(const DrawOrder made, MakeOrder(*draw, *options));
            return Draw(made, context);
          }};
}

}  // namespace imprint::cli
