#include "gateway/dispatch/finisher.h"

#include <stop_token>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "base/error_notes.h"
#include "base/status_macros.h"
#include "gateway/dispatch/run_end.h"
#include "gateway/jobs/job_id.h"
#include "gateway/peers/node_client.h"
#include "services/server/log.h"

namespace imprint::gateway {
namespace {

constexpr absl::Duration kRoundInterval = absl::Milliseconds(500);
constexpr absl::Duration kFinishRetryDelay = absl::Seconds(1);

}  // namespace

Finisher::Finisher(JobEndings& endings, Leases& leases, NodeTable& nodes, RegistryClient& registry,
                   Obstacles& obstacles, Metrics& metrics, std::function<absl::Time()> now)
    : endings_(endings),
      leases_(leases),
      nodes_(nodes),
      registry_(registry),
      obstacles_(obstacles),
      metrics_(metrics),
      now_(std::move(now)),
      thread_([this](const std::stop_token& stop) { Loop(stop); }) {}

Finisher::~Finisher() {
  thread_.request_stop();
  Wake();
  thread_.join();
}

void Finisher::Wake() {
  const absl::MutexLock lock(&mutex_);
  wake_ = true;
  woken_.Signal();
}

void Finisher::Loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Tick(stop);
    const absl::MutexLock lock(&mutex_);
    const absl::Time until = absl::Now() + kRoundInterval;
    while (!wake_ && !woken_.WaitWithDeadline(&mutex_, until)) {
    }
    wake_ = false;
  }
}

void Finisher::Tick(const std::stop_token& stop) {
  const auto unfinished = endings_.Unfinished();
  if (!unfinished.ok()) {
    if (stumbling_.Due()) {
      LogWarning("cannot list unfinished jobs; it is retried",
                 {{"error", Diagnosed(unfinished.status())}});
    }
    return;
  }
  stumbling_.Over();
  const absl::Time now = now_();
  for (const UnfinishedJob& job : *unfinished) {
    // Each may take as long as the registry does.
    if (stop.stop_requested()) return;
    const auto stumbled = stumbled_.find(job.id);
    if (stumbled != stumbled_.end() && stumbled->second.again > now) continue;
    const absl::Status brought = Bring(job);
    if (brought.ok()) {
      stumbled_.erase(job.id);
      obstacles_.Clear(job.id);
      continue;
    }
    Stumble& stumble = stumbled_[job.id];
    stumble.again = now + kFinishRetryDelay;
    stumble.failing_since = FailingSince(stumble.failing_since, brought, now);
    obstacles_.Set(job.id, brought.message());
    if (stumble.warning.Due()) {
      LogWarning("a job cannot be finished yet; it is retried",
                 {{"job", absl::StrCat("jobs/", job.id)}, {"error", Diagnosed(brought)}});
    }
  }
}

absl::Status Finisher::Bring(const UnfinishedJob& unfinished) {
  ASSIGN_OR_RETURN(const v1::Job job, endings_.Load(unfinished.id));
  const bool computed = unfinished.state == v1::JOB_STATE_FINALIZING;
  if (!computed) RETURN_IF_ERROR(StopRuns(job));
  // One look, since every call to a registry that is away would wait for a connection first.
  RETURN_IF_ERROR(registry_.Ready());
  return computed ? Commit(job) : PutToRest(job);
}

absl::Status Finisher::Commit(const v1::Job& job) {
  const std::string id = JobIdOf(job);
  const auto committed = CommitResult(job);
  if (committed.ok()) {
    RETURN_IF_ERROR(endings_.Finish(id, *committed));
    CountFinished("SUCCEEDED");
    return absl::OkStatus();
  }
  const absl::Time now = now_();
  const absl::Time since = FailingSince(stumbled_[id].failing_since, committed.status(), now);
  if (MayYetBeCommitted(committed.status(), now - since)) return committed.status();
  v1::Failure failure;
  failure.set_reason("REFUSED_BY_REGISTRY");
  failure.set_message(std::string(committed.status().message()));
  return endings_.Refuse(id, failure);
}

absl::StatusOr<std::string> Finisher::CommitResult(const v1::Job& job) {
  // From here on no run can add to it.
  RETURN_IF_ERROR(registry_.RevokeTickets(job.name()));
  return job.has_training() ? CommitTraining(job) : CommitImageSet(job);
}

absl::StatusOr<std::string> Finisher::CommitTraining(const v1::Job& job) {
  const std::string id = JobIdOf(job);
  ASSIGN_OR_RETURN(const v1::TrainingResult result, endings_.Result(id));
  ASSIGN_OR_RETURN(const v1::ModelLocation model, endings_.Model(id));
  v1::CommitEmbeddingRequest request;
  request.set_job(job.name());
  *request.mutable_spec() = job.training();
  request.set_content(result.embedding());
  *request.mutable_labels() = job.labels();
  request.set_base_model_fingerprint(model.fingerprint());
  v1::EmbeddingScores& scores = *request.mutable_scores();
  scores.set_final_loss(result.final_loss());
  scores.set_first_norm(result.first_norm());
  scores.set_norm(result.norm());
  scores.set_steps(result.steps());
  if (result.has_report()) *request.mutable_report() = result.report();
  ASSIGN_OR_RETURN(const v1::Embedding embedding, registry_.CommitEmbedding(request));
  return embedding.name();
}

absl::StatusOr<std::string> Finisher::CommitImageSet(const v1::Job& job) {
  RETURN_IF_ERROR(registry_.CloseImageSet(job.result(), v1::IMAGE_SET_STATE_COMPLETE));
  return job.result();
}

absl::Status Finisher::StopRuns(const v1::Job& job) {
  ASSIGN_OR_RETURN(const auto current, leases_.Current());
  for (const CurrentRun& run : current) {
    if (run.key.job() != job.name()) continue;
    const auto node = nodes_.Find(run.node);
    if (!node || !node->alive) continue;
    // A node that misses this is told again when the dispatcher finds the run to be a stray.
    (void)NodeClient::Open(node->status.kind(), node->address)
        ->Stop(run.key, v1::STOP_MODE_ABANDON, "the job was cancelled");
  }
  return absl::OkStatus();
}

absl::Status Finisher::PutToRest(const v1::Job& job) {
  const std::string id = JobIdOf(job);
  // Whatever its runs still do, after this nothing of the job is committed.
  RETURN_IF_ERROR(registry_.RevokeTickets(job.name()));
  if (job.has_image_set()) {
    absl::Status closed =
        registry_.CloseImageSet(job.image_set().image_set(), v1::IMAGE_SET_STATE_PARTIAL);
    // It was never begun.
    if (!closed.ok() && !absl::IsNotFound(closed)) return closed;
  }
  RETURN_IF_ERROR(endings_.Stopped(id));
  CountFinished(job.state() == v1::JOB_STATE_FAILED ? "FAILED" : "CANCELLED");
  return absl::OkStatus();
}

void Finisher::CountFinished(const std::string& state) {
  metrics_.Counter("imprint_jobs_finished_total", "Jobs that ended.", {{"state", state}})
      .Increment();
}

}  // namespace imprint::gateway
