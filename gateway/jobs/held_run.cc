#include "gateway/jobs/held_run.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "gateway/jobs/job_id.h"
#include "rpc/status.h"

namespace imprint::gateway {
namespace {

absl::Status Superseded(const v1::RunKey& run) {
  return WithReason(absl::AbortedError(absl::StrCat("attempt ", run.attempt(), " at ", run.job(),
                                                    " chunk ", run.chunk(), " is superseded")),
                    "SUPERSEDED");
}

}  // namespace

absl::StatusOr<HeldRun> Hold(soci::session& sql, const v1::RunKey& run) {
  ASSIGN_OR_RETURN(const std::string id, ParseJobId(run));
  auto job = LoadJob(sql, id);
  if (absl::IsNotFound(job.status())) return Superseded(run);
  if (!job.ok()) return job.status();
  const auto chunk = LoadChunk(sql, id, run.chunk());
  if (!chunk || chunk->state != kChunkRunning || chunk->attempt != run.attempt() ||
      job->job.state() != v1::JOB_STATE_RUNNING) {
    return Superseded(run);
  }
  return HeldRun{*std::move(job), *chunk};
}

v1::JobEvent EventOf(const v1::RunKey& run, const ChunkRow& chunk) {
  v1::JobEvent event;
  event.set_attempt(run.attempt());
  event.set_chunk(run.chunk());
  if (!chunk.nodes.empty()) event.set_node(chunk.nodes.front());
  return event;
}

v1::JobEvent AttemptEvent(const v1::RunKey& run, const ChunkRow& chunk, v1::AttemptState state,
                          absl::string_view reason) {
  v1::JobEvent event = EventOf(run, chunk);
  event.mutable_attempt_change()->set_state(state);
  event.mutable_attempt_change()->set_reason(std::string(reason));
  return event;
}

}  // namespace imprint::gateway
