// imprint-engine draw: from a command line to an order.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/drawing.h"
#include "cli/pictures/drawing_options.h"
#include "cli/program/given_flags.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "orders/flags/field_flags.h"

namespace imprint::cli {
namespace {

// The threads are an option of every command (main.cc); the other rows are for teaching.
constexpr auto kRows = WithFlagsOnlyOf(kComputeRows, {"device", "precision", "cuda_graph"});

// The command line where it still needs reading.
struct DrawOptions {
  DrawOrder order;
  std::string prompt_file;
  std::string seeds = "1";
  std::string size;
  std::optional<double> strength;
  ComputeFlags compute;
  std::string format = "png";
  std::optional<FieldFlags<PictureRequest>> flags;
  bool no_sheet = false;
  bool no_safety_check = false;
};

absl::StatusOr<DrawOrder> MakeOrder(const CLI::App& draw, DrawOptions& options, Console& console) {
  RETURN_IF_ERROR(options.flags->TakeNames());
  DrawOrder order = options.order;
  if (order.out.empty()) return FieldError("out", "none", "a folder for the pictures: --out");
  if (!options.prompt_file.empty()) {
    ASSIGN_OR_RETURN(const auto more, ReadPrompts(options.prompt_file));
    order.prompts.insert(order.prompts.end(), more.begin(), more.end());
  }
  ASSIGN_OR_RETURN(order.format, ParsePictureFormat(options.format));
  ASSIGN_OR_RETURN(order.seeds, ParseSeeds(options.seeds));
  ASSIGN_OR_RETURN(const PictureSize size, ParseSize(options.size));
  order.defaults.width = size.width;
  order.defaults.height = size.height;
  if (options.strength && order.source.empty()) {
    return FieldError("strength", absl::StrCat(*options.strength),
                      "a picture to begin from beside it: --from");
  }
  if (options.no_sheet) {
    RETURN_IF_ERROR(RefuseFlagsBeside("--no-sheet", draw, {"title", "references"}));
  }
  if (order.defaults.upscale == 1) {
    RETURN_IF_ERROR(RefuseFlagsWithout("--upscale", draw, {"upscale-strength"}));
  }
  order.defaults.strength = options.strength.value_or(order.defaults.strength);
  ASSIGN_OR_RETURN(order.compute, ChooseCompute(options.compute, console));
  if (options.flags->Given("solver")) order.solver = order.defaults.solver;
  order.sheet = !options.no_sheet;
  order.safety_check = !options.no_safety_check;
  return order;
}

}  // namespace

Command MakeDrawCommand(CLI::App& app) {
  const auto options = std::make_shared<DrawOptions>();
  CLI::App* draw =
      app.add_subcommand("draw",
                         "Draw pictures, with learned concepts or without.\n\n"
                         "  imprint-engine draw --embedding rex/ --prompt \"<rex> in the snow\" "
                         "--prompt \"<rex> asleep\" --seeds 1-4 --out pictures/\n");
  AddModelOption(*draw, options->order.model);
  AddComputeFlags(*draw, kRows, options->compute);
  draw->add_option("--embedding", options->order.embeddings,
                   "Learned embedding: its file, of any tool, or the folder that teach left it in; "
                   "WORD=PATH gives it another word; repeatable")
      ->type_name("PATH");
  draw->add_option("--prompt", options->order.prompts, "What to draw; repeatable; needed")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  draw->add_option("--prompts", options->prompt_file, "File of prompts, one a line")
      ->type_name("FILE");
  draw->add_option("--out", options->order.out, "For pictures, contact sheet and manifest; needed")
      ->type_name("FOLDER");
  constexpr const char* kHow = "How it is drawn";
  const auto add = [&](const char* name, auto& field, const char* text) {
    return draw->add_option(name, field, text)->capture_default_str()->group(kHow);
  };
  add("--seeds", options->seeds, "Each prompt is drawn with each of these: 1,2,5-8")
      ->type_name("LIST");
  options->flags.emplace(*draw, kPictureFields, options->order.defaults, kHow, ShowDefaults::kYes);
  draw->add_option("--from", options->order.source,
                   "Picture to begin from instead of noise; its middle is cut to the size")
      ->type_name("PATH")
      ->group(kHow);
  draw->add_option("--strength", options->strength,
                   absl::StrCat("How far to get from it: the share of steps that is walked, 0 to 1 "
                                "[",
                                options->order.defaults.strength, "]"))
      ->group(kHow);
  add("--size", options->size, "WIDTHxHEIGHT in pixels; default: the model's own")
      ->type_name("SIZE");
  add("--batch", options->order.batch, "Pictures drawn at once");
  draw->add_flag("--exact", options->order.exact,
                 "Fill the last batch up, so that redraw can draw any picture again, bit for bit")
      ->group(kHow);
  constexpr const char* kWhat = "What is written";
  draw->add_option("--format", options->format, "png, jpeg or webp")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(kWhat);
  draw->add_option("--title", options->order.title,
                   "Heading of the contact sheet; default: the tokens")
      ->group(kWhat);
  draw->add_option("--references", options->order.references,
                   "Folder of pictures to show on top of the sheet: what was taught")
      ->type_name("FOLDER")
      ->group(kWhat);
  draw->add_flag("--compare", options->order.compare,
                 "Draw each prompt with the class word, too, with the first two seeds")
      ->group(kWhat);
  draw->add_flag("--overwrite", options->order.overwrite,
                 "Replace what an earlier drawing left in the --out folder")
      ->group(kWhat);
  draw->add_flag("--no-sheet", options->no_sheet, "No contact sheet")->group(kWhat);
  draw->add_flag("--no-safety-check", options->no_safety_check,
                 "Write pictures without asking the model's safety checker")
      ->group(kWhat);
  return {draw, [draw, options](CommandContext& context) -> absl::Status {
            ASSIGN_OR_RETURN(const DrawOrder order, MakeOrder(*draw, *options, context.console));
            return Draw(order, context);
          }};
}

}  // namespace imprint::cli
