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
  std::string schedule;
  std::string priority;
  bool no_flip = false;
  bool no_wait = false;
  int size = 0;
  std::optional<int> checkpoint_every;
  int threads = 0;
  std::string precision = "auto";
  std::string ranks = "1";
  std::optional<int> min_ranks;
  std::optional<int> vectors;
  std::optional<int> steps;
  std::optional<int> batch;
  std::optional<int> accumulation;
  std::optional<double> learning_rate;
  std::optional<double> max_growth;
  std::optional<double> average;
  std::optional<double> weight_decay;
  std::optional<uint64_t> seed;
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

absl::StatusOr<v1::LearningRateSchedule> ParseSchedule(const std::string& name) {
  if (name.empty()) return v1::LEARNING_RATE_SCHEDULE_UNSPECIFIED;
  if (name == "constant") return v1::LEARNING_RATE_SCHEDULE_CONSTANT;
  if (name == "cosine") return v1::LEARNING_RATE_SCHEDULE_COSINE;
  return FieldError("schedule", Quoted(name), "constant or cosine");
}

absl::StatusOr<int> ParseRanks(const std::string& text) {
  if (text == "auto") return -1;
  int ranks = 0;
  if (absl::SimpleAtoi(text, &ranks) && ranks >= 1) return ranks;
  return FieldError("ranks", Quoted(text), "a number from 1 on, or auto");
}

absl::StatusOr<v1::TrainingRecipe> MakeRecipe(const TeachOptions& options) {
  v1::TrainingRecipe recipe;
  if (options.vectors) recipe.set_vectors(*options.vectors);
  if (options.steps) recipe.set_steps(*options.steps);
  if (options.batch) recipe.set_batch(*options.batch);
  if (options.accumulation) recipe.set_accumulation(*options.accumulation);
  if (options.learning_rate) recipe.set_learning_rate(*options.learning_rate);
  if (options.max_growth) recipe.set_max_growth(*options.max_growth);
  if (options.average) recipe.set_average(*options.average);
  if (options.weight_decay) recipe.set_weight_decay(*options.weight_decay);
  if (options.seed) recipe.set_seed(*options.seed);
  if (options.no_flip) recipe.set_flip(false);
  ASSIGN_OR_RETURN(const auto schedule, ParseSchedule(options.schedule));
  recipe.set_schedule(schedule);
  return recipe;
}

absl::StatusOr<v1::TrainingSpec> MakeSpec(const TeachOptions& options) {
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
  ASSIGN_OR_RETURN(*spec.mutable_recipe(), MakeRecipe(options));
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

absl::StatusOr<TeachOrder> MakeOrder(const CLI::App& teach, const TeachOptions& options) {
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
  teach
      .add_flag("--no-flip", options.no_flip,
                "Never mirror the pictures: for text, or faces that are not symmetrical")
      ->group(kGroup);
}

void AddHowOptions(CLI::App& teach, TeachOptions& options) {
  constexpr const char* kGroup = "How it is taught (default: the server's)";
  const auto add = [&](const char* name, auto& field, const char* text) {
    return teach.add_option(name, field, text)->group(kGroup);
  };
  add("--steps", options.steps, "Updates of the vectors");
  add("--batch", options.batch, "Samples computed at once");
  add("--accumulation", options.accumulation, "Batches an update");
  add("--lr", options.learning_rate, "Learning rate of an update; it is not scaled by the batch");
  add("--schedule", options.schedule, "constant, or cosine (falls to 5 percent)")
      ->type_name("NAME");
  add("--vectors", options.vectors, "Vectors that the token stands for");
  add("--max-growth", options.max_growth,
      "How many times its first length a vector may reach; 0 is no limit");
  add("--average", options.average,
      "Last part of the steps whose mean becomes the embedding; 0 is the last step alone");
  add("--weight-decay", options.weight_decay, "Weight decay of AdamW, on the vectors alone");
  add("--seed", options.seed, "Another number, another choice of pictures, captions and noise");
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
