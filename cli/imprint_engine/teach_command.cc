// imprint-engine teach: from a folder of pictures to an embedding.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/reference_folder.h"
#include "cli/imprint_engine/training_record.h"
#include "cli/terminal/progress_bar.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "engine/model/base_model.h"
#include "engine/runtime/threads.h"
#include "engine/training/training_run.h"
#include "formats/learned_embedding.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecordName = "training.json";
constexpr const char* kCheckpointName = "checkpoint.safetensors";

// The command line as it was given.
struct TeachOptions {
  std::string folder;
  std::string model;
  std::string class_word;
  std::optional<std::string> token;
  std::string kind = "object";
  std::string templates;
  std::string fit = "crop";
  std::string schedule = "cosine";
  std::string out;
  std::string resume;
  int size = 0;
  bool no_flip = false;
  bool overwrite = false;
  int checkpoint_every = 50;
  TrainingRecipe recipe;
};

absl::StatusOr<std::vector<std::string>> Templates(const TeachOptions& options, ConceptKind kind) {
  if (options.templates.empty()) return DefaultTemplates(kind);
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(options.templates));
  const auto bytes = file->bytes();
  if (bytes.size() > 1 << 20) {
    return FieldError("templates", absl::StrCat(bytes.size(), " bytes"), "at most 1 MB");
  }
  return ParseTemplates({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// "photos/rex/" -> "<rex>".
std::string TokenFromFolder(const fs::path& folder) {
  const fs::path name = folder.has_filename() ? folder.filename() : folder.parent_path().filename();
  return absl::StrCat("<", name.string(), ">");
}

absl::StatusOr<TeachOrder> MakeOrder(const TeachOptions& options, const CommandContext& context) {
  TeachOrder order;
  if (options.folder.empty()) return FieldError("FOLDER", "none", "the folder of pictures");
  if (options.model.empty()) {
    return FieldError("model", "none", "the base model's folder: --model or IMPRINT_MODEL");
  }
  if (options.class_word.empty()) {
    return FieldError("class", "none", "a word for what kind of thing it is: --class dog");
  }
  if (options.checkpoint_every < 0 || options.checkpoint_every > 1'000'000) {
    return FieldError("checkpoint-every", absl::StrCat(options.checkpoint_every), "0 to 1000000");
  }
  order.model = fs::absolute(options.model);
  order.token = options.token.value_or(TokenFromFolder(options.folder));
  order.class_word = options.class_word;
  ASSIGN_OR_RETURN(order.kind, ParseConceptKind(options.kind));
  ASSIGN_OR_RETURN(order.templates, Templates(options, order.kind));
  ASSIGN_OR_RETURN(order.fit, ParseSquareFit(options.fit));
  order.size = options.size;
  order.recipe = options.recipe;
  order.recipe.flip = !options.no_flip;
  ASSIGN_OR_RETURN(order.recipe.schedule, ParseLearningRateSchedule(options.schedule));
  order.checkpoint_every = options.checkpoint_every;
  order.threads = context.threads;
  RETURN_IF_ERROR(CheckRecipe(order.recipe));
  return order;
}

absl::StatusOr<int> TrainingSize(const TeachOrder& order, const BaseModelInfo& model) {
  if (order.size == 0) return model.picture_size;
  if (order.size < 0 || order.size > 4096 || order.size % model.size_multiple != 0) {
    return FieldError("size", absl::StrCat(order.size),
                      absl::StrCat("a multiple of ", model.size_multiple, " up to 4096"));
  }
  return order.size;
}

absl::Status CheckUnchanged(const TeachOrder& order,
                            const std::vector<ReferencePicture>& pictures) {
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (pictures[i].sha256 != order.picture_sha256[i]) {
      return FieldError(absl::StrCat("picture ", i + 1, " (", pictures[i].path.string(), ")"),
                        "another file than the one that the training began with",
                        "the same file; begin anew, or put it back");
    }
  }
  return absl::OkStatus();
}

std::string PlainCount(size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

// One run of the command.
class Teaching {
 public:
  Teaching(TeachOrder order, fs::path out, bool resumed, CommandContext& context)
      : order_(std::move(order)), out_(std::move(out)), resumed_(resumed), context_(context) {}

  absl::Status Run(const fs::path& folder) {
    RETURN_IF_ERROR(EnsureWritableFolder(out_));
    ASSIGN_OR_RETURN(model_, BaseModel::Load(order_.model));
    ASSIGN_OR_RETURN(order_.size, TrainingSize(order_, model_->info()));
    RETURN_IF_ERROR(ReadReferences(folder));
    ASSIGN_OR_RETURN(const auto checkpoint, ReadCheckpoint());
    Announce(checkpoint);
    RETURN_IF_ERROR(WriteRecord("running", nullptr));
    ASSIGN_OR_RETURN(const TrainingOutcome outcome, TrainWithProgress(checkpoint));
    return outcome.finished ? Finish(outcome) : Interrupted(outcome);
  }

 private:
  fs::path Checkpoint() const { return out_ / kCheckpointName; }
  fs::path Embedding() const { return out_ / std::string(kLearnedEmbeddingFileName); }

  absl::Status ReadReferences(const fs::path& folder) {
    ReferenceFolder references;
    if (resumed_) {
      ASSIGN_OR_RETURN(references.pictures, ReadPictures(order_.pictures, order_.size, order_.fit));
      RETURN_IF_ERROR(CheckUnchanged(order_, references.pictures));
    } else {
      ASSIGN_OR_RETURN(references, ReadReferenceFolder(folder, order_.size, order_.fit));
    }
    order_.pictures.clear();
    order_.picture_sha256.clear();
    for (ReferencePicture& picture : references.pictures) {
      order_.pictures.push_back(fs::absolute(picture.path));
      order_.picture_sha256.push_back(picture.sha256);
      if (std::min(picture.width, picture.height) < order_.size) {
        context_.console.Warn(absl::StrCat(picture.path.filename().string(), " is ", picture.width,
                                           "×", picture.height, ", smaller than the ", order_.size,
                                           " pixels that it is taught at"));
      }
      pictures_.push_back(std::move(picture.fitted));
    }
    skipped_ = std::move(references.skipped);
    return absl::OkStatus();
  }

  absl::StatusOr<std::optional<TrainingCheckpoint>> ReadCheckpoint() const {
    std::error_code ignored;
    if (!resumed_ || !fs::exists(Checkpoint(), ignored)) return std::nullopt;
    ASSIGN_OR_RETURN(const auto file, MappedFile::Open(Checkpoint()));
    ASSIGN_OR_RETURN(TrainingCheckpoint checkpoint,
                     ParseCheckpoint(file->bytes(), Checkpoint().string()));
    return checkpoint;
  }

  void Announce(const std::optional<TrainingCheckpoint>& checkpoint) {
    const BaseModelInfo& model = model_->info();
    const TrainingRecipe& recipe = order_.recipe;
    Console& console = context_.console;
    console.Line("model", absl::StrCat(model.folder, " (", model.fingerprint.substr(0, 12), ", ",
                                       model.prediction, ")"));
    console.Line(
        "pictures",
        absl::StrCat(
            pictures_.size(), " at ", order_.size, "×", order_.size,
            skipped_.empty() ? "" : absl::StrCat("; skipped ", absl::StrJoin(skipped_, ", "))));
    console.Line("concept",
                 absl::StrCat(order_.token, ", ", Name(order_.kind), ", ",
                              PlainCount(recipe.vectors, "vector"), " from \"", order_.class_word,
                              "\", ", PlainCount(order_.templates.size(), "caption")));
    console.Line("recipe",
                 absl::StrCat(recipe.steps, " steps of ", recipe.batch * recipe.accumulation,
                              " samples, learning rate ", recipe.learning_rate, " (",
                              Name(recipe.schedule), "), seed ", recipe.seed));
    if (checkpoint) console.Line("resumed", absl::StrCat("from step ", checkpoint->step));
    console.Event("start", {{"order", ToJson(order_)},
                            {"model", model.fingerprint},
                            {"skipped", skipped_},
                            {"resumed_from", checkpoint ? checkpoint->step : 0}});
    if (resumed_ && !checkpoint) {
      console.Warn("there is no checkpoint yet; the training begins anew");
    }
  }

  absl::StatusOr<TrainingOutcome> TrainWithProgress(
      const std::optional<TrainingCheckpoint>& checkpoint) {
    const int64_t first = checkpoint ? checkpoint->step : 0;
    ProgressBar bar("teaching", context_.terminal, context_.console.err(), MonotonicSeconds);
    bar.Start(first, order_.recipe.steps);
    started_ = MonotonicSeconds();
    TrainingHooks hooks;
    hooks.stop = context_.stop;
    hooks.checkpoint_every = order_.checkpoint_every;
    hooks.on_checkpoint = [this](const TrainingCheckpoint& state) {
      return WriteFileAtomically(Checkpoint(), SerializeCheckpoint(state));
    };
    hooks.on_step = [&](const TrainingProgress& progress) {
      if (context_.console.json()) {
        context_.console.Event("step", {{"step", progress.step},
                                        {"steps", progress.steps},
                                        {"loss", progress.loss},
                                        {"smoothed_loss", progress.smoothed_loss},
                                        {"norm", progress.norm}});
      } else {
        bar.Update(progress.step,
                   absl::StrFormat("loss %.4f  norm %.2f", progress.smoothed_loss, progress.norm));
      }
    };
    auto outcome = Train(*model_,
                         {.token = order_.token,
                          .class_word = order_.class_word,
                          .pictures = pictures_,
                          .templates = order_.templates,
                          .recipe = order_.recipe},
                         checkpoint, hooks);
    bar.Finish();
    steps_here_ = outcome.ok() ? outcome->checkpoint.step - first : 0;
    return outcome;
  }

  absl::Status Finish(const TrainingOutcome& outcome) {
    const double seconds = MonotonicSeconds() - started_;
    const std::string embedding = SerializeLearnedEmbedding(outcome.embedding);
    RETURN_IF_ERROR(WriteFileAtomically(Embedding(), embedding));
    const nlohmann::json result = {
        {"embedding", Embedding().string()},
        {"sha256", Sha256Hex(embedding)},
        {"steps", outcome.checkpoint.step},
        {"first_norm", outcome.first_norm},
        {"norm", outcome.norm},
        {"seconds", seconds},
        {"seconds_per_step", seconds / static_cast<double>(std::max<int64_t>(steps_here_, 1))},
        {"losses", outcome.checkpoint.losses}};
    RETURN_IF_ERROR(WriteRecord("finished", result));
    std::error_code ignored;
    fs::remove(Checkpoint(), ignored);

    Console& console = context_.console;
    console.Line("learned", absl::StrFormat("%s in %.1f s, %.0f ms a step; length %.2f, was %.2f",
                                            order_.token, seconds,
                                            1000 * result["seconds_per_step"].get<double>(),
                                            outcome.norm, outcome.first_norm));
    console.Line("embedding", Embedding().string());
    console.Line("record", (out_ / kRecordName).string());
    console.Event("result", result);
    return absl::OkStatus();
  }

  absl::Status Interrupted(const TrainingOutcome& outcome) {
    RETURN_IF_ERROR(WriteFileAtomically(Checkpoint(), SerializeCheckpoint(outcome.checkpoint)));
    RETURN_IF_ERROR(WriteRecord("interrupted", nullptr));
    return absl::CancelledError(
        absl::StrCat("stopped after step ", outcome.checkpoint.step, " of ", order_.recipe.steps,
                     "; go on with: imprint-engine teach --resume ", out_.string()));
  }

  absl::Status WriteRecord(absl::string_view state, const nlohmann::json& result) const {
    const nlohmann::json record = {{"imprint", IMPRINT_VERSION},
                                   {"state", state},
                                   {"order", ToJson(order_)},
                                   {"base_model",
                                    {{"fingerprint", model_->info().fingerprint},
                                     {"text_encoder", model_->info().text_encoder_identity}}},
                                   {"compute_threads", ComputeThreads()},
                                   {"result", result}};
    constexpr auto kReplaceBadUtf8 = nlohmann::json::error_handler_t::replace;
    return WriteFileAtomically(out_ / kRecordName,
                               record.dump(2, ' ', false, kReplaceBadUtf8) + "\n");
  }

  TeachOrder order_;
  fs::path out_;
  bool resumed_;
  CommandContext& context_;
  std::shared_ptr<const BaseModel> model_;
  std::vector<RgbImage> pictures_;
  std::vector<std::string> skipped_;
  double started_ = 0;
  int64_t steps_here_ = 0;
};

// A finished training must not be lost to a repeated command, nor an interrupted one.
absl::Status CheckFreeForTraining(const fs::path& out, bool overwrite) {
  std::error_code ignored;
  if (overwrite) {
    fs::remove(out / kCheckpointName, ignored);
    return absl::OkStatus();
  }
  for (const std::string& name :
       {std::string(kLearnedEmbeddingFileName), std::string(kCheckpointName)}) {
    if (!fs::exists(out / name, ignored)) continue;
    return absl::AlreadyExistsError(
        absl::StrCat("out: ", (out / name).string(),
                     " exists; choose another folder, or add --overwrite, or go on with --resume ",
                     out.string()));
  }
  return absl::OkStatus();
}

// The embedding is written before the checkpoint goes.
bool IsFinished(const fs::path& out) {
  std::error_code ignored;
  return fs::exists(out / std::string(kLearnedEmbeddingFileName), ignored) &&
         !fs::exists(out / kCheckpointName, ignored);
}

absl::Status RunTeach(const TeachOptions& options, CommandContext& context) {
  if (!options.resume.empty()) {
    ASSIGN_OR_RETURN(TeachOrder order, ReadTeachOrder(fs::path(options.resume) / kRecordName));
    if (IsFinished(options.resume)) {
      context.console.Line("finished", absl::StrCat("nothing is left to do in ", options.resume));
      context.console.Event("finished", {{"folder", options.resume}});
      return absl::OkStatus();
    }
    if (context.threads == 0) RETURN_IF_ERROR(SetComputeThreads(order.threads));
    return Teaching(std::move(order), options.resume, /*resumed=*/true, context).Run("");
  }
  ASSIGN_OR_RETURN(TeachOrder order, MakeOrder(options, context));
  if (options.out.empty()) return FieldError("out", "none", "a folder for the embedding: --out");
  RETURN_IF_ERROR(CheckFreeForTraining(options.out, options.overwrite));
  return Teaching(std::move(order), options.out, /*resumed=*/false, context).Run(options.folder);
}

}  // namespace

Command MakeTeachCommand(CLI::App& app) {
  const auto options = std::make_shared<TeachOptions>();
  TrainingRecipe& recipe = options->recipe;
  CLI::App* teach = app.add_subcommand(
      "teach",
      "Teach a new concept from a folder of pictures.\n\n"
      "  imprint-engine teach photos/ --class dog --token \"<rex>\" --out rex/\n");
  teach->add_option(
      "FOLDER", options->folder,
      "Pictures of one thing or in one style: PNG, JPEG, WebP; other files are skipped");
  AddModelOption(*teach, options->model, /*required=*/false);
  teach->add_option("--class", options->class_word,
                    "A word for what kind of thing it is, where teaching starts: dog, mascot");
  teach->add_option("--token", options->token,
                    "The new word for it; default: the folder's name in <>");
  teach->add_option("--out", options->out, "Folder for the embedding and its record");
  teach->add_option("--resume", options->resume,
                    "Go on with the interrupted training in this folder; needs nothing else");
  teach->add_flag("--overwrite", options->overwrite, "Replace what the --out folder holds");
  constexpr const char* kWhat = "What is taught";
  teach->add_option("--kind", options->kind, "object or style")
      ->capture_default_str()
      ->group(kWhat);
  teach
      ->add_option(
          "--templates", options->templates,
          "File of captions, one a line, with {} for the token; default: a set for the kind")
      ->group(kWhat);
  teach->add_option("--size", options->size, "Pixels a side; 0 is the model's own")
      ->capture_default_str()
      ->group(kWhat);
  teach
      ->add_option("--fit", options->fit,
                   "Pictures that are not square: crop their middle, or squash them")
      ->capture_default_str()
      ->group(kWhat);
  teach
      ->add_flag("--no-flip", options->no_flip,
                 "Never mirror the pictures: for text, or faces that are not symmetrical")
      ->group(kWhat);
  constexpr const char* kHow = "How it is taught";
  const auto number = [&](const char* name, auto& field, const char* text) {
    teach->add_option(name, field, text)->capture_default_str()->group(kHow);
  };
  number("--steps", recipe.steps, "Updates of the vectors");
  number("--batch", recipe.batch, "Samples computed at once");
  number("--accumulation", recipe.accumulation, "Batches an update");
  number("--lr", recipe.learning_rate, "Learning rate of an update; it is not scaled by the batch");
  number("--schedule", options->schedule, "cosine (falls to 5 percent) or constant");
  number("--vectors", recipe.vectors, "Vectors that the token stands for");
  number("--max-growth", recipe.max_growth,
         "How many times its first length a vector may reach; 0 is no limit");
  number("--weight-decay", recipe.weight_decay, "AdamW's");
  number("--seed", recipe.seed, "Of every random draw");
  number("--checkpoint-every", options->checkpoint_every, "Steps; 0 is only when interrupted");
  return {teach, [options](CommandContext& context) { return RunTeach(*options, context); }};
}

}  // namespace imprint
