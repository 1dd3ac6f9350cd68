// imprint teach: from a command line to an order.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/saved_embedding.h"
#include "cli/imprint/commands/teaching.h"
#include "cli/pictures/teaching_flags.h"
#include "cli/program/given_flags.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/status_macros.h"
#include "orders/training_settings.h"
#include "orders/wire/training_wire.h"

namespace imprint::cli {
namespace {

// --word is another name for --class here.
constexpr auto kRows = WithFlags(kTrainingRows, {{"class_word", "class,--word"}});

constexpr const char* kHow = "How it is taught (default: the server's)";

// The command line where it still needs reading. What is not given is left to the server, which
// knows the defaults.
struct TeachOptions {
  TeachOrder order;
  std::string concept_id;
  std::string layout{Name(EmbeddingLayout::kDiffusers)};
  std::string priority;
  bool no_wait = false;
  int threads = 0;
  bool exact = false;
  std::string precision = "auto";
  std::string ranks = "1";
  std::optional<int> min_ranks;
  std::optional<TeachingFlags> teaching;
};

absl::StatusOr<int> ParseRanks(const std::string& text) {
  if (text == "auto") return -1;
  int ranks = 0;
  if (absl::SimpleAtoi(text, &ranks) && ranks >= 1) return ranks;
  return FieldError("ranks", Quoted(text), "a number from 1 on, or auto");
}

absl::StatusOr<v1::TrainingSpec> MakeSpec(TeachOptions& options) {
  v1::TrainingSpec spec;
  ASSIGN_OR_RETURN(const TrainingSettings settings, options.teaching->Take(options.order.folder));
  // A token that was made of the folder's name is sent, too.
  FillSettings(
      settings,
      [&](absl::string_view row) { return row == "token" || options.teaching->Given(row); }, spec);
  std::string concept_id = options.concept_id;
  if (concept_id.empty()) {
    ASSIGN_OR_RETURN(concept_id, ConceptIdFromToken(spec.token()));
  }
  ASSIGN_OR_RETURN(*spec.mutable_concept_name(), ConceptName(concept_id));
  spec.set_compute_threads(options.threads);
  spec.set_exact(options.exact);
  spec.set_precision(options.precision);
  ASSIGN_OR_RETURN(const int ranks, ParseRanks(options.ranks));
  spec.set_ranks(ranks);
  if (options.min_ranks) {
    RETURN_IF_ERROR(CheckNumber("min_ranks", *options.min_ranks, 1, 1024));
    spec.set_min_ranks(*options.min_ranks);
  }
  return spec;
}

absl::StatusOr<TeachOrder> MakeOrder(const CLI::App& teach, TeachOptions& options) {
  TeachOrder order = options.order;
  ASSIGN_OR_RETURN(order.spec, MakeSpec(options));
  ASSIGN_OR_RETURN(order.priority, ParseJobPriority(options.priority));
  ASSIGN_OR_RETURN(order.layout, ParseEmbeddingLayout("layout", options.layout));
  if (order.out.empty() && order.layout != EmbeddingLayout::kDiffusers) {
    return FieldError("layout", Quoted(options.layout),
                      "with it --out: the registry keeps embeddings in one layout");
  }
  if (order.request_id.empty()) order.request_id = NewRequestId();
  order.wait = !options.no_wait;
  if (!order.wait) {
    RETURN_IF_ERROR(RefuseFlagsBeside("--no-wait: imprint embeddings export fetches it later",
                                      teach, {"out", "overwrite"}));
  }
  if (order.out.empty()) RETURN_IF_ERROR(RefuseFlagsWithout("--out", teach, {"overwrite"}));
  RETURN_IF_ERROR(CheckRightsFlags(teach, order.rights));
  return order;
}

void AddWhatOptions(CLI::App& teach, TeachOptions& options) {
  const auto add = [&](const char* name, auto& field, const char* text) {
    return teach.add_option(name, field, text)->group(TeachingFlags::kWhat);
  };
  add("--model", options.order.model, "Base model; default: the only one, or \"default\"")
      ->type_name("ID");
  add("--concept", options.concept_id,
      "The concept that the embedding is a version of; default: from the token")
      ->type_name("ID");
}

void AddHowOptions(CLI::App& teach, TeachOptions& options) {
  const auto add = [&](const char* name, auto& field, const char* text) {
    return teach.add_option(name, field, text)->group(kHow);
  };
  add("--threads", options.threads, "Threads to compute with: the same number gives the same bits");
  teach
      .add_flag("--exact", options.exact,
                "Compute its steps apart from other trainings', where a trainer packs them: the "
                "bits that it has alone")
      ->group(kHow);
  add("--precision", options.precision,
      "fp32, bf16, fp16 or auto: the fastest that the trainers have")
      ->type_name("NAME")
      ->capture_default_str();
  add("--ranks", options.ranks,
      "Devices that share it, on one trainer or several: the result is the same but for rounding; "
      "auto takes what is free, up to one for each sample of a step")
      ->type_name("N|auto")
      ->capture_default_str();
  add("--min-ranks", options.min_ranks,
      "Ranks that are enough to begin or to go on with; default: all of them")
      ->type_name("N");
}

}  // namespace

Command MakeTeachCommand(CLI::App& app) {
  const auto options = std::make_shared<TeachOptions>();
  TeachOrder& order = options->order;
  CLI::App* teach = app.add_subcommand("teach",
                                       "Teach a new concept from a folder of pictures.\n\n"
                                       "  imprint teach ./photos --word dog --token \"<rex>\"\n");
  teach
      ->add_option(
          "FOLDER", order.folder,
          "Pictures of one thing or in one style: PNG, JPEG, WebP, HEIC, AVIF, TIFF; other "
          "files are skipped")
      ->type_name("")
      ->required();
  teach
      ->add_option("--out", order.out,
                   "Also write the embedding here: a .safetensors file, or a folder for it")
      ->type_name("PATH");
  AddLayoutOption(*teach, options->layout);
  teach->add_flag("--overwrite", order.overwrite, "Replace what --out names");
  AddRightsOptions(*teach, order.rights);
  AddWhatOptions(*teach, *options);
  options->teaching.emplace(*teach, kRows, kHow, ShowDefaults::kNo);
  AddHowOptions(*teach, *options);
  constexpr const char* kJob = "The job";
  teach->add_option("--priority", options->priority, "bulk, normal or interactive")
      ->type_name("NAME")
      ->group(kJob);
  teach->add_flag("--no-wait", options->no_wait, "Return once the job is queued")->group(kJob);
  teach
      ->add_option("--request-id", order.request_id,
                   "The same id gives the same job, so that a script may repeat itself")
      ->type_name("ID")
      ->group(kJob);
  return {teach, [teach, options](CommandContext& context) -> absl::Status {
            ASSIGN_OR_RETURN(const TeachOrder made, MakeOrder(*teach, *options));
            return Teach(made, context);
          }};
}

}  // namespace imprint::cli
