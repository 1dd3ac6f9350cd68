#include "services/sampler/chunk_run.h"

#include <functional>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "services/node/run_failure.h"
#include "services/server/log.h"

namespace imprint::sampler {
namespace {

// How long pictures that have begun may go on while other work waits for their place.
constexpr absl::Duration kFinishBegun = absl::Seconds(10);

}  // namespace

ChunkRun::ChunkRun(std::shared_ptr<node::Run> run, ChunkOrder order, SamplerMetrics& metrics)
    : run_(std::move(run)),
      order_(std::move(order)),
      metrics_(metrics),
      on_stop_(run_->stop_token(), [this] { HearStop(); }) {}

void ChunkRun::HearStop() {
  winding_since_us_ = absl::ToUnixMicros(absl::Now());
  wind_down_.request_stop();
  ReviewStop();
}

void ChunkRun::ReviewStop() {
  const auto order = run_->stop_order();
  if (!order) return;
  const int64_t begun_us = absl::ToUnixMicros(absl::Now() - kFinishBegun);
  if (!order->finish_begun || begun_us >= winding_since_us_) stop_.request_stop();
}

void ChunkRun::Expect() {
  const absl::MutexLock lock(&mutex_);
  ++outstanding_;
}

void ChunkRun::Delivered(v1::PictureDrawn picture) {
  metrics_.images.Increment();
  const bool blocked = picture.safety().blocked();
  if (blocked) metrics_.blocked.Increment();
  v1::RunEvent event;
  *event.mutable_picture() = std::move(picture);
  // Before the count goes down: with the last picture, Settle ends the log, which takes no event
  // after its end.
  run_->Append(std::move(event));
  {
    const absl::MutexLock lock(&mutex_);
    --outstanding_;
    ++delivered_;
    blocked_ += blocked ? 1 : 0;
  }
  Settle();
}

void ChunkRun::Dropped() {
  {
    const absl::MutexLock lock(&mutex_);
    --outstanding_;
  }
  Settle();
}

void ChunkRun::UploadFailed(const v1::Failure& failure) {
  {
    const absl::MutexLock lock(&mutex_);
    --outstanding_;
    // Before the stop is requested, which ends the drawing as cancelled: the run's end is this
    // failure.
    FailLocked(failure);
  }
  stop_.request_stop();
  Settle();
}

void ChunkRun::DrawingEnded(const absl::Status& status) {
  {
    const absl::MutexLock lock(&mutex_);
    drawing_ = false;
    if (!status.ok() && !absl::IsCancelled(status))
      FailLocked(node::EngineFailure(node::EngineWork::kLoading, status));
  }
  Settle();
}

void ChunkRun::FailLocked(const v1::Failure& failure) {
  if (!failure_) failure_ = failure;
}

void ChunkRun::Settle() {
  std::optional<v1::RunEvent> last;
  {
    const absl::MutexLock lock(&mutex_);
    last = EndLocked();
  }
  if (!last) return;
  const node::RunId& id = order_.id;
  if (last->has_failure()) {
    metrics_.failed.Increment();
    LogWarning("run failed; the gateway decides whether to retry it",
               {{"job", id.job},
                {"chunk", id.chunk},
                {"attempt", id.attempt},
                {"reason", last->failure().reason()},
                {"message", last->failure().message()},
                {"trace", order_.trace_id}});
  } else {
    const bool stopped = last->has_stopped();
    (stopped ? metrics_.stopped : metrics_.succeeded).Increment();
    LogInfo(stopped ? "run stopped" : "run completed", {{"job", id.job},
                                                        {"chunk", id.chunk},
                                                        {"attempt", id.attempt},
                                                        {"trace", order_.trace_id}});
  }
  if (last->has_stopped()) return run_->EndStopped();
  run_->Append(*std::move(last));
}

std::optional<v1::RunEvent> ChunkRun::EndLocked() {
  if (settled_ || drawing_ || outstanding_ > 0) return std::nullopt;
  settled_ = true;
  v1::RunEvent last;
  if (failure_) {
    *last.mutable_failure() = *failure_;
  } else if (delivered_ == static_cast<int64_t>(order_.pictures.size())) {
    // A stop that came once all pictures were in the registry changes nothing.
    last.mutable_chunk_result()->set_pictures(delivered_);
    last.mutable_chunk_result()->set_blocked(blocked_);
  } else {
    last.mutable_stopped();
  }
  return last;
}

}  // namespace imprint::sampler
