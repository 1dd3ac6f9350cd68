// imprint teach: from a command line to an order.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/saved_embedding.h"
#include "cli/imprint/commands/teaching.h"
#include "cli/pictures/teaching_options.h"
#include "cli/program/given_flags.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/status_macros.h"
#include "orders/flags/field_flags.h"
#include "orders/training_recipe.h"
#include "orders/wire/recipe_wire.h"
#include "text/unicode_text.h"

namespace imprint::cli {
namespace {

// The command line where it still needs reading. What is not given is left to the server, which
// knows the defaults.
struct TeachOptions {
  TeachOrder order;
  std::string class_word;
  std::optional<std::string> token;
  std::string concept_id;
  std::string kind = "object";
  std::string templates;
  std::string fit = "crop";
  std::string layout{Name(EmbeddingLayout::kDiffusers)};
  std::string priority;
  bool no_wait = false;
  int size = 0;
  std::optional<int> checkpoint_every;
  int threads = 0;
  std::string precision = "auto";
  std::string ranks = "1";
  std::optional<int> min_ranks;
  TrainingRecipe recipe;
  std::optional<FieldFlags<TrainingRecipe>> recipe_flags;
};

absl::StatusOr<v1::ConceptKind> ParseKind(const std::string& name) {
  if (name == "object") return v1::CONCEPT_KIND_OBJECT;
  if (name == "style") return v1::CONCEPT_KIND_STYLE;
  return FieldError("kind", Quoted(name), "object or style");
}

absl::StatusOr<v1::SquareFit> ParseFit(const std::string& name) {
  if (name == "crop") return v1::SQUARE_FIT_CROP;
  if (name == "squash") return v1::SQUARE_FIT_SQUASH;
  return FieldError("fit", Quoted(name), "crop or squash");
}

absl::StatusOr<int> ParseRanks(const std::string& text) {
  if (text == "auto") return -1;
  int ranks = 0;
  if (absl::SimpleAtoi(text, &ranks) && ranks >= 1) return ranks;
  return FieldError("ranks", Quoted(text), "a number from 1 on, or auto");
}

absl::StatusOr<v1::TrainingSpec> MakeSpec(TeachOptions& options) {
  v1::TrainingSpec spec;
  if (options.class_word.empty()) {
    return FieldError("class", "none", "a word for what kind of thing it is: --class dog");
  }
  spec.set_class_word(options.class_word);
  spec.set_token(options.token ? Composed(*options.token) : TokenFromFolder(options.order.folder));
  std::string concept_id = options.concept_id;
  if (concept_id.empty()) {
    ASSIGN_OR_RETURN(concept_id, ConceptIdFromToken(spec.token()));
  }
  ASSIGN_OR_RETURN(*spec.mutable_concept_name(), ConceptName(concept_id));
  ASSIGN_OR_RETURN(const v1::ConceptKind kind, ParseKind(options.kind));
  spec.set_kind(kind);
  ASSIGN_OR_RETURN(const v1::SquareFit fit, ParseFit(options.fit));
  spec.set_fit(fit);
  if (!options.templates.empty()) {
    ASSIGN_OR_RETURN(const auto templates, ReadTemplates(options.templates));
    spec.mutable_templates()->Assign(templates.begin(), templates.end());
  }
  RETURN_IF_ERROR(options.recipe_flags->TakeNames());
  *spec.mutable_recipe() = ToProto(options.recipe, [&](const Field<TrainingRecipe>& field) {
    return options.recipe_flags->Given(field.name);
  });
  spec.set_size(options.size);
  // The server would take 0 for its default.
  if (options.checkpoint_every) {
    RETURN_IF_ERROR(CheckNumber("checkpoint_every", *options.checkpoint_every, 1, 1'000'000));
    spec.set_checkpoint_every(*options.checkpoint_every);
  }
  spec.set_compute_threads(options.threads);
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
  constexpr const char* kGroup = "What is taught";
  const auto add = [&](const char* name, auto& field, const char* text) {
    return teach.add_option(name, field, text)->group(kGroup);
  };
  add("--model", options.order.model, "Base model; default: the only one, or \"default\"")
      ->type_name("ID");
  add("--concept", options.concept_id,
      "The concept that the embedding is a version of; default: from the token")
      ->type_name("ID");
  add("--kind", options.kind, "object or style")->type_name("KIND")->capture_default_str();
  add("--templates", options.templates,
      "File of captions, one a line, with {} for the token; default: a set for the kind")
      ->type_name("FILE");
  add("--size", options.size, "Pixels a side; 0 is the model's own")->capture_default_str();
  add("--fit", options.fit, "Pictures that are not square: crop their middle, or squash them")
      ->type_name("HOW")
      ->capture_default_str();
}

void AddHowOptions(CLI::App& teach, TeachOptions& options) {
  constexpr const char* kGroup = "How it is taught (default: the server's)";
  const auto add = [&](const char* name, auto& field, const char* text) {
    return teach.add_option(name, field, text)->group(kGroup);
  };
  options.recipe_flags.emplace(teach, kRecipeFields, options.recipe, kGroup, ShowDefaults::kNo);
  add("--checkpoint-every", options.checkpoint_every, "Steps between checkpoints");
  add("--threads", options.threads, "Threads to compute with: the same number gives the same bits");
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
      ->add_option(
          "--class,--word", options->class_word,
          "A word for what kind of thing it is, where teaching starts: dog, mascot; needed")
      ->type_name("WORD");
  teach
      ->add_option("--token", options->token,
                   "The new word for it; default: the folder's name in <>")
      ->type_name("<WORD>");
  teach
      ->add_option("--out", order.out,
                   "Also write the embedding here: a .safetensors file, or a folder for it")
      ->type_name("PATH");
  AddLayoutOption(*teach, options->layout);
  teach->add_flag("--overwrite", order.overwrite, "Replace what --out names");
  AddRightsOptions(*teach, order.rights);
  AddWhatOptions(*teach, *options);
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
