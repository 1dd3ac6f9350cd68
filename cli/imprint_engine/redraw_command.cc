// imprint-engine redraw: from a command line to an order.
#include <memory>
#include <string>

#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/redrawing.h"
#include "cli/program/given_flags.h"

#include "base/status_macros.h"

namespace imprint::cli {
namespace {

struct RedrawOptions {
  RedrawOrder order;
  std::string device = "auto";
  bool no_safety_check = false;
};

}  // namespace

Command MakeRedrawCommand(CLI::App& app) {
  const auto options = std::make_shared<RedrawOptions>();
  RedrawOrder& order = options->order;
  CLI::App* redraw = app.add_subcommand(
      "redraw",
      "Draw pictures again from their record, and say whether they are the "
      "same.\n\n"
      "  imprint-engine redraw pictures/\n"
      "  imprint-engine redraw pictures/ --picture 007-rex-s3.png --out again/\n");
  redraw
      ->add_option("PICTURES", order.folder,
                   "Folder with pictures and manifest.json, as draw, imprint draw or imprint "
                   "image-sets export wrote it")
      ->type_name("")
      ->required();
  redraw->add_option("--picture", order.files, "A picture's file name; repeatable; default: all")
      ->type_name("FILE")
      ->allow_extra_args(false);
  // Not read from IMPRINT_MODEL: the manifest knows better.
  redraw->add_option("--model", order.model, "Base model; default: where the manifest says")
      ->type_name("PATH");
  redraw
      ->add_option("--embedding", order.embeddings,
                   "An embedding that is not where the manifest says, or that was drawn from a "
                   "registry: its file, or its folder; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  redraw
      ->add_option("--device", options->device,
                   "cpu, cuda, cuda:N, or auto: what each picture was drawn on")
      ->type_name("NAME")
      ->capture_default_str();
  redraw
      ->add_option("--out", order.out, "Folder to write the pictures to; default: none is written")
      ->type_name("FOLDER");
  redraw->add_flag("--no-safety-check", options->no_safety_check,
                   "Write pictures without asking the model's safety checker");
  return {redraw, [redraw, options](CommandContext& context) -> absl::Status {
            RedrawOrder& given = options->order;
            if (given.out.empty()) {
              RETURN_IF_ERROR(RefuseFlagsWithout("--out", *redraw, {"no-safety-check"}));
            }
            ASSIGN_OR_RETURN(given.device, ParseDevice("device", options->device));
            given.safety_check = !options->no_safety_check;
            return Redraw(given, context);
          }};
}

}  // namespace imprint::cli
