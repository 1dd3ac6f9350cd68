// imprint set draw, extend: from a command line to an order.
#include <memory>
#include <string>

#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/job_options.h"
#include "cli/imprint/commands/set_commands.h"
#include "cli/imprint/commands/set_drawing.h"
#include "cli/program/given_flags.h"

#include "base/status_macros.h"

namespace imprint::cli {
namespace {

// The command line where it still needs reading.
struct SetDrawOptions {
  SetOrder order;
  std::string extends;
  JobOptions job;
};

absl::StatusOr<SetOrder> MakeOrder(const CLI::App& draw, const SetDrawOptions& options) {
  if (options.job.no_wait) {
    RETURN_IF_ERROR(RefuseFlagsBeside("--no-wait: imprint image-sets export writes them later",
                                      draw, {"out", "overwrite", "columns"}));
  }
  SetOrder order = options.order;
  if (!options.extends.empty()) {
    ASSIGN_OR_RETURN(*order.spec.mutable_extends(), ImageSetName(options.extends));
  }
  RETURN_IF_ERROR(TakeJobOptions(options.job, order));
  return order;
}

Command MakeCommand(CLI::App* draw, const std::shared_ptr<SetDrawOptions>& options) {
  SetOrder& order = options->order;
  draw->add_option("PLAN", order.plan, "The plan, in YAML or JSON")->type_name("")->required();
  draw->add_option("--out", order.out, "For pictures, contact sheet and manifest; needed")
      ->type_name("FOLDER");
  constexpr const char* kHow = "How it is drawn";
  draw->add_option("--model", order.model,
                   "Base model; default: the plan's, the only one, or \"default\"")
      ->type_name("ID")
      ->group(kHow);
  draw->add_option("--embedding", order.embeddings,
                   "Embedding that the prompts use: rex, rex/3, rex/approved; repeatable; default: "
                   "the plan's, or that of each concept whose token a prompt has")
      ->type_name("NAME")
      ->group(kHow);
  constexpr const char* kWhat = "What is written";
  draw->add_option("--columns", order.columns,
                   "Axis of the contact sheet's columns; default: the plan's last one")
      ->type_name("AXIS")
      ->group(kWhat);
  draw->add_flag("--overwrite", order.overwrite,
                 "Replace what an earlier drawing left in the --out folder")
      ->group(kWhat);
  AddJobOptions(*draw, kHow, kWhat, options->job);
  return {draw, [draw, options](CommandContext& context) -> absl::Status {
            ASSIGN_OR_RETURN(const SetOrder made, MakeOrder(*draw, *options));
            return DrawSet(made, context);
          }};
}

}  // namespace

Command MakeSetDrawCommand(CLI::App& set) {
  CLI::App* draw =
      set.add_subcommand("draw",
                         "Draw a plan's pictures.\n\n"
                         "  imprint set draw docs/cookbook/levels.yaml --out levels/\n");
  return MakeCommand(draw, std::make_shared<SetDrawOptions>());
}

Command MakeSetExtendCommand(CLI::App& set) {
  CLI::App* extend = set.add_subcommand(
      "extend",
      "Draw a plan that has grown: pictures that an earlier set has already are taken over as they "
      "are.\n\n"
      "  imprint set extend docs/cookbook/levels.yaml --of SET --out levels-2/\n");
  const auto options = std::make_shared<SetDrawOptions>();
  extend->add_option("--of", options->extends, "The earlier set: imageSets/ID, or the id alone")
      ->type_name("SET")
      ->required();
  return MakeCommand(extend, options);
}

}  // namespace imprint::cli
