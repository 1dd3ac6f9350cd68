#include "services/rank/rank_training.h"

#include <algorithm>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/collective/gang_error.h"
#include "engine/collective/join_gang.h"
#include "engine/cuda/device_memory.h"
#include "engine/torch/threads.h"
#include "engine/torch/torch_errors.h"
#include "engine/training/checkpoint.h"
#include "engine/training/memory_trial.h"
#include "engine/training/training_run.h"
#include "formats/learned_embedding.h"
#include "rpc/status.h"
#include "services/node/run_failure.h"
#include "services/rank/prepared_pictures.h"
#include "services/rank/training_order.h"
#include "services/server/log.h"

namespace imprint::rank {
namespace {

// How long a registry may be away before the attempt fails.
constexpr absl::Duration kRegistryPatience = absl::Seconds(60);
constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);
constexpr absl::Duration kWorkingInterval = absl::Seconds(5);

absl::StatusOr<std::optional<engine::TrainingCheckpoint>> ParseGivenCheckpoint(
    const std::string& bytes) {
  if (bytes.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(engine::TrainingCheckpoint checkpoint,
                   engine::ParseCheckpoint(std::as_bytes(std::span(bytes)), "checkpoint"));
  return checkpoint;
}

}  // namespace

// One training.
class RankTraining::Session {
 public:
  Session(RankTraining& rank, const v1::TrainRequest& request, const TrainingControl& control)
      : rank_(rank), request_(request), control_(control) {}

  void Run() {
    const absl::Status status = TrainFromRequest();
    if (status.ok()) return;
    v1::RunEvent last;
    if (absl::IsCancelled(status)) {
      last.mutable_stopped();
    } else {
      *last.mutable_failure() = FailureOf(status);
    }
    control_.emit(std::move(last));
  }

 private:
  enum class Stage { kModel, kPictures, kTraining };

  absl::Status TrainFromRequest() {
    ASSIGN_OR_RETURN(const TrainingOrder order, ParseTrainingSpec(request_.spec()));
    RETURN_IF_ERROR(OpenDoor());
    RETURN_IF_ERROR(CheckThreads());
    ASSIGN_OR_RETURN(const auto checkpoint, ParseGivenCheckpoint(request_.checkpoint()));
    stage_ = Stage::kModel;
    ASSIGN_OR_RETURN(const LoadedModel loaded,
                     Compute([&] { return rank_.Load(request_.model(), order.precision); }));
    stage_ = Stage::kTraining;
    ASSIGN_OR_RETURN(const int size,
                     TrainingSize(order.settings.size, loaded.model->info().picture_size,
                                  loaded.model->info().size_multiple, "spec."));
    stage_ = Stage::kPictures;
    ASSIGN_OR_RETURN(auto pictures,
                     FetchPreparedPictures(request_.ticket(), size, order.settings.fit,
                                           control_.stop, kRegistryPatience));
    stage_ = Stage::kTraining;
    const auto input = engine::TrainingInput::From(order.settings, std::move(pictures));
    RETURN_IF_ERROR(Compute([&] { return engine::CheckTraining(*loaded.model, input); }));
    const engine::TrainingHooks hooks = Hooks(order);
    const auto outcome = place_.size > 1 ? TrainInGang(loaded, input, checkpoint, hooks)
                                         : TrainInPack(loaded, input, checkpoint, hooks);
    if (!outcome.ok()) return WithWhatFits(outcome.status(), *loaded.model, input, hooks);
    // Of a pack it was said when it happened.
    if (place_.size > 1 && !outcome->graph_failure.empty()) {
      LogWarning("computed without recorded graphs",
                 {{"job", request_.run().job()}, {"error", outcome->graph_failure}});
    }
    outcome->finished ? EmitResult(*outcome) : EmitStopped(*outcome);
    return absl::OkStatus();
  }

  // Runs `body` on the compute thread, and returns what it returns.
  template <typename Body>
  std::invoke_result_t<Body> Compute(Body&& body) {
    std::optional<std::invoke_result_t<Body>> result;
    rank_.compute_.Run([&] { result = body(); });
    return *std::move(result);
  }

  absl::Status CheckThreads() const {
    const int asked = request_.spec().compute_threads();
    if (asked == 0 || asked == rank_.threads_) return absl::OkStatus();
    return FieldError("spec.compute_threads", absl::StrCat(asked),
                      absl::StrCat("0 or this process's, ", rank_.threads_));
  }

  // Computes rounds of the pack, as every session that waits for its end does, until this training
  // has ended.
  absl::StatusOr<engine::TrainingOutcome> TrainInPack(
      const LoadedModel& loaded, const engine::TrainingInput& input,
      const std::optional<engine::TrainingCheckpoint>& checkpoint,
      const engine::TrainingHooks& hooks) {
    const engine::Packing packing =
        request_.spec().exact() ? engine::Packing::kExact : engine::Packing::kTogether;
    ASSIGN_OR_RETURN(const auto training, Compute([&] {
                       NoteStart(checkpoint, loaded.warm);
                       return rank_.pack_.Join(loaded.model, input, checkpoint, hooks, packing);
                     }));
    // Whoever waited while another session computed a round need not compute one: so nobody who
    // joins waits for more than one.
    int64_t seen = -1;
    const auto ended_in_round = [&] {
      const bool is_mine = std::exchange(seen, rank_.rounds_) == rank_.rounds_;
      if (training->ended() || !is_mine) return training->ended();
      rank_.pack_.Round();
      seen = ++rank_.rounds_;
      if (const std::string warning = rank_.pack_.TakeWarning(); !warning.empty()) {
        LogWarning(warning);
      }
      return training->ended();
    };
    while (!Compute(ended_in_round)) {
    }
    return training->TakeOutcome();
  }

  // What would fit is tried where no other training runs, which would have to wait for that.
  absl::Status WithWhatFits(const absl::Status& status, const engine::BaseModel& model,
                            const engine::TrainingInput& input,
                            const engine::TrainingHooks& hooks) {
    return Compute([&] {
      if (!rank_.pack_.empty()) return status;
      return engine::WithWhatFits(status, model, input, hooks, rank_.ContextOf(nullptr),
                                  place_.size);
    });
  }

  // Has left the gang when it returns.
  absl::StatusOr<engine::TrainingOutcome> TrainInGang(
      const LoadedModel& loaded, const engine::TrainingInput& input,
      const std::optional<engine::TrainingCheckpoint>& checkpoint,
      const engine::TrainingHooks& hooks) {
    return Compute([&]() -> absl::StatusOr<engine::TrainingOutcome> {
      const engine::JoinHooks joining = {.stop = control_.stop,
                                         .on_wait = [this] { EmitWorking(); }};
      ASSIGN_OR_RETURN(const auto gang, engine::JoinGang(place_, rank_.device(),
                                                         door_ ? &*door_ : nullptr, joining));
      NoteStart(checkpoint, loaded.warm);
      return engine::Train(*loaded.model, input, checkpoint, hooks, rank_.ContextOf(gang.get()));
    });
  }

  // Before anything that takes its time, so that the others can do theirs meanwhile.
  absl::Status OpenDoor() {
    ASSIGN_OR_RETURN(place_, ParseGangPlace(request_));
    if (place_.size == 1 || place_.rank != 0) return absl::OkStatus();
    auto door = engine::GangDoor::Open(place_.own_host);
    // It is this node that cannot: another may.
    if (!door.ok()) return absl::UnavailableError(door.status().message());
    door_ = *std::move(door);
    place_.port = door_->port();
    v1::RunEvent event;
    event.mutable_door()->set_host(place_.host);
    event.mutable_door()->set_port(place_.port);
    control_.emit(std::move(event));
    return absl::OkStatus();
  }

  bool IsFirst() const { return place_.rank == 0; }

  v1::Failure FailureOf(const absl::Status& error) const {
    if (stage_ == Stage::kPictures) return node::RegistryFailure(error);
    if (engine::IsGangError(error)) return node::GangFailure(error);
    if (engine::IsDeviceError(error)) return node::DeviceFailure(error);
    return node::EngineFailure(
        stage_ == Stage::kModel ? node::EngineWork::kLoading : node::EngineWork::kComputing, error);
  }

  engine::TrainingHooks Hooks(const TrainingOrder& order) {
    engine::TrainingHooks hooks;
    hooks.stop = control_.stop;
    hooks.checkpoint_every = order.settings.checkpoint_every;
    hooks.on_step = [this](const engine::TrainingProgress& progress) { EmitProgress(progress); };
    hooks.on_work = [this] { EmitWorking(); };
    if (!IsFirst()) return hooks;
    hooks.on_checkpoint = [this](const engine::TrainingCheckpoint& checkpoint) {
      EmitCheckpoint(checkpoint);
      return absl::OkStatus();
    };
    return hooks;
  }

  void NoteStart(const std::optional<engine::TrainingCheckpoint>& checkpoint, bool warm) {
    first_step_ = checkpoint ? checkpoint->step : 0;
    training_since_ = absl::Now();
    v1::RunEvent event;
    v1::RunStarted& started = *event.mutable_started();
    started.set_resumed_from_step(first_step_);
    started.set_seconds(absl::ToDoubleSeconds(training_since_ - since_));
    started.set_warm(warm);
    started.set_compute_threads(rank_.threads_);
    control_.emit(std::move(event));
  }

  // Not more often than somebody can look; the last step in any case.
  void EmitProgress(const engine::TrainingProgress& progress) {
    const absl::Time now = absl::Now();
    if (now - last_progress_ < kProgressInterval && progress.step < progress.steps) return;
    last_progress_ = now;
    v1::RunEvent event;
    v1::TrainingProgress& proto = *event.mutable_progress();
    proto.set_step(progress.step);
    proto.set_steps(progress.steps);
    proto.set_loss(progress.loss);
    proto.set_smoothed_loss(progress.smoothed_loss);
    proto.set_norm(progress.norm);
    proto.set_collective_seconds(progress.collective.seconds);
    proto.set_collective_bytes(progress.collective.bytes);
    proto.set_seconds_per_step(absl::ToDoubleSeconds(now - training_since_) /
                               static_cast<double>(progress.step - progress.first_step));
    proto.set_first_step(progress.first_step);
    control_.emit(std::move(event));
  }

  // For steps, and beginnings, that are long.
  void EmitWorking() {
    const absl::Time now = absl::Now();
    if (now - std::max(last_progress_, last_working_) < kWorkingInterval) return;
    last_working_ = now;
    v1::RunEvent event;
    event.mutable_working();
    control_.emit(std::move(event));
  }

  void EmitCheckpoint(const engine::TrainingCheckpoint& checkpoint) {
    v1::RunEvent event;
    event.mutable_checkpoint()->set_step(checkpoint.step);
    event.mutable_checkpoint()->set_state(engine::SerializeCheckpoint(checkpoint));
    control_.emit(std::move(event));
  }

  void EmitStopped(const engine::TrainingOutcome& outcome) {
    if (IsFirst() && control_.keep()) EmitCheckpoint(outcome.checkpoint);
    v1::RunEvent event;
    event.mutable_stopped();
    control_.emit(std::move(event));
  }

  void EmitResult(const engine::TrainingOutcome& outcome) {
    const std::vector<float>& losses = outcome.checkpoint.losses;
    v1::RunEvent event;
    if (!IsFirst()) {
      event.mutable_rank_done();
      return control_.emit(std::move(event));
    }
    v1::TrainingResult& result = *event.mutable_training_result();
    result.set_embedding(SerializeLearnedEmbedding(outcome.embedding));
    result.set_first_norm(outcome.first_norm);
    result.set_norm(outcome.norm);
    result.set_steps(outcome.checkpoint.step);
    result.set_final_loss(MeanOfLast(losses, 20));
    result.mutable_losses()->Add(losses.begin(), losses.end());
    *result.mutable_report() = Report(outcome);
    control_.emit(std::move(event));
  }

  v1::TrainingReport Report(const engine::TrainingOutcome& outcome) const {
    v1::TrainingReport report;
    report.set_ranks(outcome.ranks);
    report.set_compute_threads(rank_.threads_);
    report.set_steps(outcome.steps);
    report.set_seconds(outcome.seconds);
    report.set_collective_seconds(outcome.collective.seconds);
    report.set_collective_bytes(outcome.collective.bytes);
    report.set_packed_samples(outcome.packed_samples);
    report.set_graph_failure(outcome.graph_failure);
    // A figure that cannot be had is no reason to lose what was learned.
    report.set_device_memory_bytes(engine::TakePeakDeviceMemory(rank_.device()).value_or(0));
    return report;
  }

  static double MeanOfLast(const std::vector<float>& losses, size_t count) {
    const size_t used = std::min(count, losses.size());
    double sum = 0;
    for (size_t i = losses.size() - used; i < losses.size(); ++i) sum += losses[i];
    return used == 0 ? 0 : sum / static_cast<double>(used);
  }

  RankTraining& rank_;
  const v1::TrainRequest& request_;
  const TrainingControl& control_;
  Stage stage_ = Stage::kTraining;
  engine::GangPlace place_;
  std::optional<engine::GangDoor> door_;  // of rank 0
  const absl::Time since_ = absl::Now();
  absl::Time training_since_ = since_;
  absl::Time last_progress_ = absl::InfinitePast();
  absl::Time last_working_ = since_;
  int64_t first_step_ = 0;
};

RankTraining::RankTraining(RankContext context)
    : context_(std::move(context)), pack_(ContextOf(nullptr)) {}

absl::Status RankTraining::SetThreads(int threads) {
  absl::Status status;
  compute_.Run([&] {
    status = engine::SetComputeThreads(threads);
    threads_ = engine::ComputeThreads();
  });
  return status;
}

void RankTraining::Train(const v1::TrainRequest& request, const TrainingControl& control) {
  Session(*this, request, control).Run();
}

absl::StatusOr<RankTraining::LoadedModel> RankTraining::Load(const v1::ModelLocation& location,
                                                             Precision precision) {
  ComputeOptions compute = context_.compute;
  compute.precision = precision;
  // A job that was placed before this node recorded graphs is none the worse elsewhere.
  if (const absl::Status goes = CheckCompute(compute); !goes.ok()) {
    return absl::UnavailableError(absl::StrCat("precision: this rank cannot compute in ",
                                               Name(precision), ": ", goes.message()));
  }
  const bool warm = model_ != nullptr && folder_ == location.folder() &&
                    model_->info().fingerprint == location.fingerprint() &&
                    model_->info().compute.precision == precision;
  if (warm) return LoadedModel{.model = model_, .warm = true};
  // Two do not fit into memory.
  if (!pack_.empty()) {
    return absl::UnavailableError("model: trainings of another base model or precision run here");
  }
  model_ = nullptr;
  ASSIGN_OR_RETURN(std::shared_ptr<const engine::BaseModel> model,
                   engine::BaseModel::Load(location.folder(), compute.choice()));
  if (model->info().fingerprint != location.fingerprint()) {
    return WithReason(FieldError(absl::StrCat("model.fingerprint of ", location.folder()),
                                 absl::StrCat(model->info().fingerprint, " in the folder"),
                                 absl::StrCat(location.fingerprint(), ", as registered")),
                      "MODEL_MISMATCH");
  }
  for (const std::string& warning : model->info().warnings) LogWarning(warning);
  folder_ = location.folder();
  model_ = std::move(model);
  return LoadedModel{.model = model_, .warm = false};
}

}  // namespace imprint::rank
