#include "cli/imprint_engine/teaching.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/imprint_engine/gang_size.h"
#include "cli/imprint_engine/local_gang.h"
#include "cli/imprint_engine/reference_folder.h"
#include "cli/imprint_engine/taught_pictures.h"
#include "cli/program/option_error.h"
#include "cli/program/progress_bar.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/monotonic_seconds.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "engine/collective/gang_error.h"
#include "engine/collective/join_gang.h"
#include "engine/cuda/device_memory.h"
#include "engine/cuda/prepare_device.h"
#include "engine/model/base_model.h"
#include "engine/torch/threads.h"
#include "engine/training/memory_trial.h"
#include "engine/training/training_run.h"
#include "formats/learned_embedding.h"
#include "imaging/fit.h"
#include "orders/training_recipe.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCheckpointName = "checkpoint.safetensors";
constexpr size_t kMaxTaughtPictures = 1000;

std::string PlainCount(size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

// One run of the command.
class Teaching {
 public:
  Teaching(TeachOrder order, fs::path out, bool resumed, CommandContext& context)
      : order_(std::move(order)), out_(std::move(out)), resumed_(resumed), context_(context) {}

  absl::Status Run(const fs::path& folder) {
    training_.compute = order_.compute;
    ASSIGN_OR_RETURN(training_.record, engine::PrepareDevice(order_.compute));
    ASSIGN_OR_RETURN(model_, engine::BaseModel::Load(order_.model, order_.compute.choice()));
    ASSIGN_OR_RETURN(order_.settings.size,
                     TrainingSize(order_.settings.size, model_->info().picture_size,
                                  model_->info().size_multiple));
    RETURN_IF_ERROR(ReadReferences(folder));
    ASSIGN_OR_RETURN(const auto checkpoint, ReadCheckpoint());
    RETURN_IF_ERROR(ForOption("out", EnsureWritableFolder(out_)));
    Announce(checkpoint);
    // From here on, what was in the folder before is replaced.
    if (!resumed_) RemoveEarlierTraining();
    RETURN_IF_ERROR(WriteRecord(TrainingState::kRunning));
    ASSIGN_OR_RETURN(const engine::TrainingOutcome outcome, TrainWithProgress(checkpoint));
    return outcome.finished ? Finish(outcome) : Interrupted(outcome);
  }

 private:
  fs::path Checkpoint() const { return out_ / kCheckpointName; }
  fs::path Embedding() const { return EmbeddingIn(out_, order_); }

  absl::Status ReadReferences(const fs::path& folder) {
    ReferenceFolder references;
    if (resumed_) {
      ASSIGN_OR_RETURN(references.pictures, ReadTaughtPictures(order_));
    } else {
      ASSIGN_OR_RETURN(references, ReadReferenceFolder(folder, [this](const RgbImage& picture) {
                         return FitToSquare(picture, order_.settings.size, order_.settings.fit);
                       }));
    }
    if (references.pictures.size() > kMaxTaughtPictures) {
      return FieldError("pictures", absl::StrCat(references.pictures.size()),
                        absl::StrCat("at most ", kMaxTaughtPictures, "; 3 to 5 are enough"));
    }
    WarnOfPictures(references.pictures, context_.console);
    input_ = engine::TrainingInput::From(order_.settings, {});
    order_.pictures.clear();
    order_.picture_sha256.clear();
    for (ReferencePicture& picture : references.pictures) {
      order_.pictures.push_back(fs::absolute(picture.path));
      order_.picture_sha256.push_back(picture.sha256);
      if (std::min(picture.width, picture.height) < order_.settings.size) {
        context_.console.Warn(absl::StrCat(picture.path.filename().string(), " is ", picture.width,
                                           "×", picture.height, ", smaller than the ",
                                           order_.settings.size, " pixels that it is taught at"));
      }
      input_.pictures.push_back(std::move(picture.fitted));
    }
    skipped_ = std::move(references.skipped);
    return engine::CheckTraining(*model_, input_);
  }

  absl::StatusOr<std::optional<engine::TrainingCheckpoint>> ReadCheckpoint() const {
    std::error_code ignored;
    if (!resumed_ || !fs::exists(Checkpoint(), ignored)) return std::nullopt;
    ASSIGN_OR_RETURN(const auto file, MappedFile::Open(Checkpoint()));
    ASSIGN_OR_RETURN(engine::TrainingCheckpoint checkpoint,
                     engine::ParseCheckpoint(file->bytes(), Checkpoint().string()));
    return checkpoint;
  }

  void Announce(const std::optional<engine::TrainingCheckpoint>& checkpoint) {
    const engine::BaseModelInfo& model = model_->info();
    const TrainingRecipe& recipe = order_.settings.recipe;
    Console& console = context_.console;
    console.Line("model", absl::StrCat(model.folder, " (", model.fingerprint.substr(0, 12), ", ",
                                       model.prediction, ")"));
    for (const std::string& warning : model.warnings) console.Warn(warning);
    console.Line(
        "pictures",
        absl::StrCat(
            input_.pictures.size(), " at ", order_.settings.size, "×", order_.settings.size,
            skipped_.empty() ? "" : absl::StrCat("; skipped ", absl::StrJoin(skipped_, ", "))));
    console.Line("concept", absl::StrCat(order_.settings.token, ", ", Name(order_.settings.kind),
                                         ", ", PlainCount(recipe.vectors, "vector"), " from \"",
                                         order_.settings.class_word, "\", ",
                                         PlainCount(order_.settings.templates.size(), "caption")));
    console.Line("recipe",
                 absl::StrCat(recipe.steps, " steps of ", recipe.batch * recipe.accumulation,
                              " samples, learning rate ", recipe.learning_rate, " (",
                              Name(recipe.schedule), "), seed ", recipe.seed,
                              order_.ranks == 1 ? "" : absl::StrCat("; ", order_.ranks, " ranks")));
    if (checkpoint) console.Line("resumed", absl::StrCat("from step ", checkpoint->step));
    console.Event("start", {{"order", ToJson(order_)},
                            {"model", model.fingerprint},
                            {"skipped", skipped_},
                            {"resumed_from", checkpoint ? checkpoint->step : 0}});
    if (resumed_ && !checkpoint) {
      console.Warn("there is no checkpoint yet; the training begins anew");
    }
  }

  absl::StatusOr<engine::TrainingOutcome> TrainWithProgress(
      const std::optional<engine::TrainingCheckpoint>& checkpoint) {
    const int64_t first = checkpoint ? checkpoint->step : 0;
    ProgressBar bar("teaching", context_.terminal, context_.console.err(), MonotonicSeconds);
    bar.Start(first, order_.settings.recipe.steps);
    started_ = MonotonicSeconds();
    engine::TrainingHooks hooks;
    hooks.stop = context_.stop;
    hooks.checkpoint_every = order_.settings.checkpoint_every;
    hooks.on_checkpoint = [this](const engine::TrainingCheckpoint& state) {
      return WriteFileAtomically(Checkpoint(), engine::SerializeCheckpoint(state));
    };
    hooks.on_step = [&](const engine::TrainingProgress& progress) {
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
    auto outcome = order_.ranks == 1 ? Train(*model_, input_, checkpoint, hooks, training_)
                                     : TrainInGang(checkpoint, hooks);
    bar.Finish();
    if (!outcome.ok()) {
      return engine::WithWhatFits(outcome.status(), *model_, input_, hooks, training_,
                                  order_.ranks);
    }
    steps_here_ = outcome->checkpoint.step - first;
    return outcome;
  }

  absl::StatusOr<engine::TrainingOutcome> TrainInGang(
      const std::optional<engine::TrainingCheckpoint>& checkpoint,
      const engine::TrainingHooks& hooks) {
    ASSIGN_OR_RETURN(const auto others, LocalGang::Start(out_ / kTrainingRecordName, order_.ranks));
    RETURN_IF_ERROR(others->AwaitReady(context_.stop));
    const auto train = [&]() -> absl::StatusOr<engine::TrainingOutcome> {
      ASSIGN_OR_RETURN(const auto gang,
                       engine::JoinGang(others->place(), order_.compute.choice().device,
                                        others->door(), {.stop = context_.stop}));
      engine::TrainingContext together = training_;
      together.gang = gang.get();
      return Train(*model_, input_, checkpoint, hooks, together);
    };
    auto outcome = train();
    if (outcome.ok()) {
      others->AwaitEnd();
      return outcome;
    }
    if (!engine::IsGangError(outcome.status())) return outcome;
    const absl::Status why = others->Explain(outcome.status());
    return absl::Status(why.code(), absl::StrCat(why.message(),
                                                 "; go on with: imprint-engine "
                                                 "teach --resume ",
                                                 out_.string()));
  }

  absl::Status Finish(const engine::TrainingOutcome& outcome) {
    const double seconds = MonotonicSeconds() - started_;
    const std::string embedding = SerializeLearnedEmbedding(outcome.embedding, order_.layout);
    RETURN_IF_ERROR(WriteFileAtomically(Embedding(), embedding));
    const nlohmann::json result = {
        {"embedding", Embedding().string()},
        {"sha256", Sha256Hex(embedding)},
        {"steps", outcome.checkpoint.step},
        {"first_norm", outcome.first_norm},
        {"norm", outcome.norm},
        {"seconds", seconds},
        {"seconds_per_step", seconds / static_cast<double>(std::max<int64_t>(steps_here_, 1))},
        {"gang",
         {{"ranks", outcome.ranks},
          {"operations", outcome.collective.operations},
          {"bytes", outcome.collective.bytes},
          {"seconds", outcome.collective.seconds}}},
        {"graphs", outcome.graphs},
        // A figure that cannot be had is no reason to lose what was learned.
        {"device_memory_bytes",
         engine::TakePeakDeviceMemory(order_.compute.choice().device).value_or(0)},
        {"losses", outcome.checkpoint.losses}};
    RETURN_IF_ERROR(WriteRecord(TrainingState::kFinished, result));
    // Only once the record says that it is finished: until then the training can be resumed.
    RemoveCheckpoint();
    RemoveRankLogs(out_);

    Console& console = context_.console;
    if (!outcome.graph_failure.empty()) {
      console.Warn(absl::StrCat("computed without recorded graphs: ", outcome.graph_failure));
    }
    console.Line("learned", absl::StrFormat("%s in %.1f s, %.0f ms a step; length %.2f, was %.2f",
                                            order_.settings.token, seconds,
                                            1000 * result["seconds_per_step"].get<double>(),
                                            outcome.norm, outcome.first_norm));
    console.Line("embedding", Embedding().string());
    console.Line("record", (out_ / kTrainingRecordName).string());
    console.Event("result", result);
    return absl::OkStatus();
  }

  absl::Status Interrupted(const engine::TrainingOutcome& outcome) {
    RETURN_IF_ERROR(
        WriteFileAtomically(Checkpoint(), engine::SerializeCheckpoint(outcome.checkpoint)));
    RETURN_IF_ERROR(WriteRecord(TrainingState::kInterrupted));
    return absl::CancelledError(absl::StrCat(
        "stopped after step ", outcome.checkpoint.step, " of ", order_.settings.recipe.steps,
        "; go on with: imprint-engine teach --resume ", out_.string()));
  }

  // The checkpoint goes first: what is left if this is interrupted, an embedding without a
  // checkpoint, is a finished training's.
  void RemoveEarlierTraining() const {
    RemoveCheckpoint();
    RemoveRankLogs(out_);
    std::error_code ignored;
    fs::remove(EmbeddingIn(out_), ignored);
    fs::remove(Embedding(), ignored);
  }

  void RemoveCheckpoint() const {
    std::error_code ignored;
    fs::remove(Checkpoint(), ignored);
  }

  absl::Status WriteRecord(TrainingState state, const nlohmann::json& result = nullptr) const {
    const nlohmann::json record = {{"imprint", IMPRINT_VERSION},
                                   {"state", Name(state)},
                                   {"order", ToJson(order_)},
                                   {"base_model",
                                    {{"fingerprint", model_->info().fingerprint},
                                     {"text_encoder", model_->info().text_encoder_identity}}},
                                   {"compute_threads", engine::ComputeThreads()},
                                   {"result", result}};
    constexpr auto kReplaceBadUtf8 = nlohmann::json::error_handler_t::replace;
    return WriteFileAtomically(out_ / kTrainingRecordName,
                               record.dump(2, ' ', false, kReplaceBadUtf8) + "\n");
  }

  TeachOrder order_;
  fs::path out_;
  bool resumed_;
  CommandContext& context_;
  std::shared_ptr<const engine::BaseModel> model_;
  engine::TrainingInput input_;
  engine::TrainingContext training_;
  std::vector<std::string> skipped_;
  double started_ = 0;
  int64_t steps_here_ = 0;
};

// Refuses a folder that has a training, finished or interrupted, which a repeated command must not
// lose.
absl::Status CheckFreeForTraining(const fs::path& out, const TeachOrder& order) {
  std::error_code ignored;
  for (const fs::path& file : {EmbeddingIn(out), EmbeddingIn(out, order), out / kCheckpointName}) {
    if (!fs::exists(file, ignored)) continue;
    return absl::AlreadyExistsError(
        absl::StrCat("out: ", file.string(),
                     " exists; choose another folder, or add --overwrite, or go on with --resume ",
                     out.string()));
  }
  return absl::OkStatus();
}

// Returns the warning that the result will be another, if it will.
std::optional<std::string> ChangeCompute(const ResumeChanges& changes, ComputeOptions& compute) {
  const ComputeDevice before = compute.choice().device;
  const ComputeDevice now = changes.given(*FindRow(kComputeFields, "device"))
                                ? changes.compute.device.value_or(before)
                                : before;
  if (now != before && now.kind == DeviceKind::kCpu) {
    // What only a GPU has is dropped on a processor, unless it is asked for now.
    compute.device_memory_mb = 0;
    compute.cuda_graph = false;
  }
  CopyFields<ComputeOptions>(
      kComputeFields, changes.compute,
      [&](const auto& row) { return MayChange(row) && changes.given(row); }, compute);
  compute.device = now;
  if (now == before) return std::nullopt;
  return absl::StrCat("the training began on ", Name(before), "; on ", Name(now),
                      " it ends in slightly other numbers");
}

}  // namespace

absl::Status BeginTeaching(TeachOrder order, const fs::path& folder, const fs::path& out,
                           bool overwrite, CommandContext& context) {
  if (!overwrite) RETURN_IF_ERROR(CheckFreeForTraining(out, order));
  return Teaching(std::move(order), out, /*resumed=*/false, context).Run(folder);
}

bool MayChange(const Field<ComputeOptions>& option) {
  return option.name != "precision" && option.name != "threads";
}

absl::Status ResumeTeaching(const fs::path& out, const ResumeChanges& changes,
                            CommandContext& context) {
  absl::StatusOr<TrainingRecord> read = ReadTrainingRecord(out / kTrainingRecordName);
  if (!read.ok()) return ForOption("resume", read.status());
  TrainingRecord record = *std::move(read);
  if (record.state == TrainingState::kFinished) {
    context.console.Line("finished", absl::StrCat("nothing is left to do in ", out.string()));
    context.console.Event("finished", {{"folder", out.string()}});
    return absl::OkStatus();
  }
  TeachOrder& order = record.order;
  const bool regrouped = changes.ranks && *changes.ranks != order.ranks;
  order.ranks = changes.ranks.value_or(order.ranks);
  // Only with the threads that it began with does a training end in the same bits.
  if (context.threads == 0) {
    RETURN_IF_ERROR(
        engine::SetComputeThreads(regrouped ? ThreadsOfRank(order.ranks) : order.compute.threads));
  } else if (engine::ComputeThreads() != order.compute.threads) {
    context.console.Warn(absl::StrCat("the training began with ", order.compute.threads,
                                      " threads; with ", engine::ComputeThreads(),
                                      " it ends in slightly other numbers"));
  }
  if (const auto warning = ChangeCompute(changes, order.compute)) context.console.Warn(*warning);
  order.compute.threads = engine::ComputeThreads();
  RETURN_IF_ERROR(CheckCompute(order.compute));
  RETURN_IF_ERROR(CheckGang(record.order));
  return Teaching(std::move(record.order), out, /*resumed=*/true, context).Run("");
}

}  // namespace imprint::cli
