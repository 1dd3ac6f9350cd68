#include "services/trainer/training_runner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/rank.pb.h>

#include "rpc/status.h"
#include "services/server/log.h"
#include "services/trainer/rank_warden.h"

namespace imprint::trainer {
namespace {

// Between the breaking of a child's stream and the news of its end.
constexpr absl::Duration kTimeToEnd = absl::Seconds(5);

v1::TrainRequest ForRank(const v1::StartTrainingRequest& request, const GangOptions& gang) {
  v1::TrainRequest train;
  *train.mutable_run() = request.run();
  *train.mutable_spec() = request.spec();
  *train.mutable_model() = request.model();
  *train.mutable_ticket() = request.ticket();
  train.set_checkpoint(request.checkpoint());
  if (!request.has_gang()) return train;
  *train.mutable_gang() = request.gang();
  if (!gang.host.empty()) train.mutable_gang()->set_own_host(gang.host);
  train.mutable_gang()->set_patience_seconds(gang.patience_seconds);
  return train;
}

// What its child must have in common with it: only such runs are computed together, and none of a
// gang, whose other ranks would wait for them.
RankNeed NeedOf(const v1::StartTrainingRequest& request) {
  const v1::TrainingSpec& spec = request.spec();
  return {.threads = spec.compute_threads(),
          .kind = {.folder = request.model().folder(),
                   .model = request.model().fingerprint(),
                   .precision = spec.precision(),
                   .size = spec.size(),
                   .priority = request.priority()},
          .alone = request.alone() || request.has_gang()};
}

// Whether a child that ended a run so can be given another one: one that ran out of memory, lost
// its device or ran into an error that nobody foresaw may be damaged, and so may what NCCL has
// begun on a GPU.
bool IsSound(const v1::RunEvent& last, bool on_gpu) {
  if (!last.has_failure()) return true;
  const std::string& reason = last.failure().reason();
  if (reason == "GANG_BROKEN" && on_gpu) return false;
  return reason != "OUT_OF_MEMORY" && reason != "DEVICE_LOST" && reason != "INTERNAL";
}

prometheus::Counter& RunsWith(Metrics& metrics, const std::string& result) {
  return metrics.Counter("imprint_runs_total", "Runs that ended on this node.",
                         {{"result", result}});
}

}  // namespace

TrainerMetrics::TrainerMetrics(Metrics& metrics)
    : steps(metrics.Counter("imprint_train_steps_total", "Training steps done.")),
      step_seconds(metrics.Seconds("imprint_train_step_seconds", "Seconds of a training step.")),
      packed_samples(metrics.Counter("imprint_train_packed_samples_total",
                                     "Samples of trainings that succeeded which were computed "
                                     "together with other trainings'.")),
      graph_failures(metrics.Counter("imprint_train_graph_failures_total",
                                     "Trainings that succeeded without the graphs that they were "
                                     "to record.")),
      collective_seconds(
          metrics.Counter("imprint_collective_seconds_total",
                          "Seconds that this node's ranks spent adding up with other ranks, "
                          "waiting for them included.")),
      collective_bytes(metrics.Counter("imprint_collective_bytes_total",
                                       "Bytes that this node's ranks added up with other ranks.")),
      model_loads(metrics.Counter("imprint_model_loads_total", "Base models read into memory.")),
      succeeded(RunsWith(metrics, "succeeded")),
      failed(RunsWith(metrics, "failed")),
      stopped(RunsWith(metrics, "stopped")),
      rank_crashes(
          metrics.Counter("imprint_rank_crashes_total",
                          "Children that crashed, hung in starting or outgrew their memory.")) {}

// One run with one child.
class TrainingRunner::Attempt {
 public:
  Attempt(TrainingRunner& runner, node::Run& run, const v1::StartTrainingRequest& request)
      : runner_(runner), run_(run), request_(request) {}

  void Compute() {
    auto rank = runner_.pool_.Take(NeedOf(request_), run_.stop_token());
    if (!rank.ok()) return EndWithoutRank(rank.status());
    rank_ = *std::move(rank);
    grpc::ClientContext context;
    RankWarden warden(run_, *rank_, runner_.max_rank_bytes_, [&] { EndByForce(context); });
    const auto stream = rank_->stub().Train(&context, ForRank(request_, runner_.gang_));
    v1::RunEvent event;
    while (stream->Read(&event)) {
      Record(std::move(event));
      if (last_) warden.ExpectEnd();
    }
    const grpc::Status status = stream->Finish();
    if (!last_ && !warden.lost_patience()) rank_->AwaitEnd(absl::Now() + kTimeToEnd);
    warden.Dismiss();
    if (last_) return EndWith(*std::move(last_));
    EndBroken(FromGrpc(status), warden);
  }

 private:
  // Of the run alone, if others share its child, which may hang.
  void EndByForce(grpc::ClientContext& context) {
    if (runner_.pool_.Retire(*rank_)) return context.TryCancel();
    rank_->Kill();
  }

  void Record(v1::RunEvent event) {
    if (node::IsLast(event)) {
      // Kept back until the child is free: whoever reads it may begin the next run at once.
      last_ = std::move(event);
      return;
    }
    if (event.has_started()) {
      steps_ = event.started().resumed_from_step();
      counted_ = absl::Now();
      if (!event.started().warm()) runner_.metrics_.model_loads.Increment();
      runner_.pool_.Loaded(*rank_, request_.model().fingerprint());
      runner_.node_.Notify();
    }
    if (event.has_progress()) Count(event.progress());
    run_.Append(std::move(event));
  }

  void Count(const v1::TrainingProgress& progress) {
    // Other ranks than 0 hear only from that one where they resume.
    if (run_.id().rank > 0 && steps_ == 0) steps_ = progress.first_step();
    const int64_t done = std::max<int64_t>(0, progress.step() - steps_);
    steps_ = progress.step();
    if (done == 0) return;
    const absl::Time now = absl::Now();
    const double seconds = absl::ToDoubleSeconds(now - counted_) / static_cast<double>(done);
    counted_ = now;
    runner_.metrics_.steps.Increment(static_cast<double>(done));
    runner_.metrics_.collective_seconds.Increment(
        progress.collective_seconds() -
        std::exchange(collective_seconds_, progress.collective_seconds()));
    runner_.metrics_.collective_bytes.Increment(
        static_cast<double>(progress.collective_bytes() -
                            std::exchange(collective_bytes_, progress.collective_bytes())));
    for (int64_t i = 0; i < std::min<int64_t>(done, 1000); ++i) {
      runner_.metrics_.step_seconds.Observe(seconds);
    }
  }

  void EndWith(v1::RunEvent last) {
    if (!IsSound(last, runner_.gang_.on_gpu)) runner_.pool_.Retire(*rank_);
    runner_.pool_.Return(std::move(rank_));
    const v1::TrainingReport& report = last.training_result().report();
    runner_.metrics_.packed_samples.Increment(static_cast<double>(report.packed_samples()));
    if (!report.graph_failure().empty()) runner_.metrics_.graph_failures.Increment();
    // The child does not know why it was stopped.
    if (last.has_stopped()) return run_.EndStopped();
    run_.Append(std::move(last));
  }

  void EndWithoutRank(const absl::Status& error) {
    if (run_.stop_order()) return run_.EndStopped();
    const std::string reason = ReasonOf(error);
    run_.Fail(reason.empty() ? "RANK_CRASHED" : reason, ToText(error), /*retryable=*/true);
  }

  // The child said nothing at the end.
  void EndBroken(const absl::Status& error, const RankWarden& warden) {
    const std::optional<std::string> ending = rank_->ending();
    const std::optional<std::string> over_memory = rank_->over_memory();
    runner_.pool_.Retire(*rank_);
    const bool crashed = !(warden.lost_patience() && run_.stop_order());
    if (crashed) runner_.pool_.CountCrash(*rank_);
    // Ends it, if it has not ended and no other run has it, and waits for that.
    runner_.pool_.Return(std::move(rank_));
    if (!crashed) {
      return run_.EndStopped("; imprint-rank did not stop in time and was ended");
    }
    const std::string step = run_.log().newest_step() < 0
                                 ? " before the first step"
                                 : absl::StrCat(" after step ", run_.log().newest_step());
    if (over_memory) {
      return run_.Fail("OUT_OF_MEMORY", absl::StrCat("imprint-rank ", *over_memory),
                       /*retryable=*/true);
    }
    if (run_.stop_order()) {
      return run_.EndStopped(absl::StrCat("; imprint-rank ", ending.value_or("broke off"), step));
    }
    const std::string broke =
        error.ok() ? "broke off" : absl::StrCat("broke off (", ToText(error), ")");
    const std::string what = ending.value_or(broke);
    run_.Fail("RANK_CRASHED", absl::StrCat("imprint-rank ", what, step), /*retryable=*/true);
  }

  static std::string ToText(const absl::Status& status) { return std::string(status.message()); }

  TrainingRunner& runner_;
  node::Run& run_;
  const v1::StartTrainingRequest& request_;
  std::shared_ptr<RankProcess> rank_;
  // Steps that were counted, and when.
  int64_t steps_ = 0;
  // Of this attempt, as counted.
  double collective_seconds_ = 0;
  int64_t collective_bytes_ = 0;
  absl::Time counted_ = absl::Now();
  std::optional<v1::RunEvent> last_;
};

void TrainingRunner::Compute(node::Run& run, const v1::StartTrainingRequest& request) {
  const std::string& job = run.id().job;
  LogInfo("run started",
          {{"job", job}, {"attempt", run.id().attempt}, {"trace", request.trace_id()}});
  Attempt(*this, run, request).Compute();
  const v1::RunEvent last = *run.log().Read(0, absl::InfinitePast(), SIZE_MAX).events.back();
  if (last.has_failure()) {
    metrics_.failed.Increment();
    LogWarning("run failed; the gateway decides whether to retry it",
               {{"job", job},
                {"attempt", run.id().attempt},
                {"reason", last.failure().reason()},
                {"message", last.failure().message()},
                {"trace", request.trace_id()}});
    return;
  }
  (last.has_stopped() ? metrics_.stopped : metrics_.succeeded).Increment();
  LogInfo(last.has_stopped() ? "run stopped" : "run completed",
          {{"job", job}, {"attempt", run.id().attempt}, {"trace", request.trace_id()}});
}

}  // namespace imprint::trainer
