// imprint-engine teach: from a command line to a checked order.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/gang_size.h"
#include "cli/imprint_engine/teaching.h"
#include "cli/imprint_engine/training_record.h"
#include "cli/pictures/teaching_flags.h"
#include "cli/pictures/teaching_options.h"
#include "cli/program/given_flags.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/torch/threads.h"
#include "engine/training/training_run.h"
#include "formats/embedding_layout.h"
#include "orders/flags/field_flags.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

// The threads are an option of every command, before its name.
constexpr auto kRows = WithFlags(kComputeRows, {{"threads", ""}, {"memory_mb", ""}});

// The command line as it was given.
struct TeachOptions {
  std::string folder;
  std::string model;
  std::string out;
  std::string layout{Name(EmbeddingLayout::kDiffusers)};
  std::string resume;
  ComputeFlags compute;
  bool overwrite = false;
  std::optional<int> ranks;
  std::optional<TeachingFlags> teaching;
};

absl::StatusOr<TeachOrder> MakeOrder(TeachOptions& options, Console& console) {
  TeachOrder order;
  if (options.folder.empty()) return FieldError("FOLDER", "none", "the folder of pictures");
  if (options.model.empty()) {
    return FieldError("model", "none", "the base model's folder: --model or IMPRINT_MODEL");
  }
  order.model = fs::absolute(options.model);
  ASSIGN_OR_RETURN(order.settings, options.teaching->Take(options.folder));
  FillTemplates(order.settings);
  ASSIGN_OR_RETURN(order.layout, ParseEmbeddingLayout("layout", options.layout));
  RETURN_IF_ERROR(EmbeddingFileName(order.layout, order.settings.token).status());
  ASSIGN_OR_RETURN(order.compute, ChooseCompute(options.compute, console));
  order.ranks = options.ranks.value_or(1);
  order.compute.threads = engine::ComputeThreads();
  RETURN_IF_ERROR(CheckGang(order));
  return order;
}

// A training goes on as it began; what may change is where, and among how many.
absl::Status CheckGoesOn(const CLI::App& teach) {
  const auto may_change = [](const std::string& flag) {
    if (flag == "resume" || flag == "ranks") return true;
    return std::any_of(kRows.begin(), kRows.end(),
                       [&](const auto& row) { return row.flag == flag && MayChange(row); });
  };
  for (const std::string& flag : FlagsOnLine(teach)) {
    if (may_change(flag)) continue;
    return RefuseFlagsBeside("--resume, which goes on with what the training began with", teach,
                             {flag});
  }
  return absl::OkStatus();
}

absl::Status RunTeach(const CLI::App& teach, TeachOptions& options, CommandContext& context) {
  if (!options.resume.empty()) {
    RETURN_IF_ERROR(CheckGoesOn(teach));
    FieldFlags<ComputeOptions>& flags = *options.compute.flags;
    RETURN_IF_ERROR(flags.TakeNames());
    return ResumeTeaching(options.resume,
                          {.ranks = options.ranks,
                           .compute = options.compute.options,
                           .given = [&](const auto& row) { return flags.Given(row.name); }},
                          context);
  }
  if (context.threads == 0) {
    RETURN_IF_ERROR(engine::SetComputeThreads(ThreadsOfRank(options.ranks.value_or(1))));
  }
  ASSIGN_OR_RETURN(TeachOrder order, MakeOrder(options, context.console));
  if (const auto advice = AdviceOnToken(order.settings.token)) context.console.Warn(*advice);
  if (options.out.empty()) return FieldError("out", "none", "a folder for the embedding: --out");
  return BeginTeaching(std::move(order), options.folder, options.out, options.overwrite, context);
}

}  // namespace

Command MakeTeachCommand(CLI::App& app) {
  const auto options = std::make_shared<TeachOptions>();
  CLI::App* teach = app.add_subcommand(
      "teach",
      "Teach a new concept from a folder of pictures.\n\n"
      "  imprint-engine teach photos/ --class dog --token \"<rex>\" --out rex/\n");
  teach
      ->add_option(
          "FOLDER", options->folder,
          "Pictures of one thing or in one style: PNG, JPEG, WebP, HEIC, AVIF, TIFF; other "
          "files are skipped")
      ->type_name("");
  AddModelOption(*teach, options->model, /*required=*/false);
  AddComputeFlags(*teach, kRows, options->compute);
  teach->add_option("--out", options->out, "For the embedding and its record; needed")
      ->type_name("FOLDER");
  teach
      ->add_option("--layout", options->layout,
                   "Of the embedding's file: diffusers, or kohya or invokeai, whose word is the "
                   "file's name")
      ->type_name("LAYOUT")
      ->capture_default_str();
  teach
      ->add_option("--resume", options->resume,
                   "Go on with the interrupted training in this folder; needs nothing else, and "
                   "refuses what would make another training of it")
      ->type_name("FOLDER");
  teach
      ->add_option("--ranks", options->ranks,
                   "Processes that share the training, at most one a sample of a step; processors "
                   "are divided among them (--threads is what each gets), GPUs taken one each; "
                   "default 1")
      ->type_name("N");
  teach->add_flag("--overwrite", options->overwrite, "Replace what the --out folder holds");
  options->teaching.emplace(*teach, kTrainingFields, "How it is taught", ShowDefaults::kYes);
  return {teach, [teach, options](CommandContext& context) {
            return RunTeach(*teach, *options, context);
          }};
}

}  // namespace imprint::cli
