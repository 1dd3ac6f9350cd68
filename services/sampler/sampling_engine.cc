#include "services/sampler/sampling_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "base/status_macros.h"
#include "engine/sampling/sampler.h"
#include "engine/torch/threads.h"
#include "services/sampler/picture_safety.h"
#include "services/server/log.h"

namespace imprint::sampler {

SamplingEngine::SamplingEngine(const SamplingOptions& options, PictureUploader& uploader,
                               SamplerMetrics& metrics, node::ChangeSignal& node)
    : options_(options),
      uploader_(uploader),
      metrics_(metrics),
      node_(node),
      models_(options.models, options.compute.choice().device),
      thread_([this](const std::stop_token& closed) { Work(closed); }) {}

void SamplingEngine::Add(std::shared_ptr<ChunkRun> chunk) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(chunk));
  metrics_.queue_depth.Set(static_cast<double>(waiting_.size()));
  changed_.notify_all();
}

void SamplingEngine::Work(const std::stop_token& closed) {
  // OpenMP keeps this number for each thread, so the thread that computes sets it.
  if (const absl::Status set = engine::SetComputeThreads(options_.compute.threads); !set.ok()) {
    LogError("cannot set the number of compute threads; drawing with the current number",
             {{"error", set.message()}});
  }
  threads_used_ = engine::ComputeThreads();
  while (const std::shared_ptr<ChunkRun> chunk = Next(closed)) {
    chunk->DrawingEnded(chunk->wind_down_token().stop_requested()
                            ? absl::CancelledError("stopped before it began")
                            : Draw(chunk));
    metrics_.batch_occupancy.Set(0);
  }
}

std::shared_ptr<ChunkRun> SamplingEngine::Next(const std::stop_token& closed) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, closed, [this] { return !waiting_.empty(); })) return nullptr;
  std::shared_ptr<ChunkRun> next = std::move(waiting_.front());
  waiting_.pop_front();
  metrics_.queue_depth.Set(static_cast<double>(waiting_.size()));
  return next;
}

void SamplingEngine::SayWork(ChunkRun& drawn) {
  drawn.run().StillWorks();
  const std::lock_guard lock(mutex_);
  for (const auto& chunk : waiting_) chunk->run().StillWorks();
}

void SamplingEngine::EndStoppedWaiting() {
  std::vector<std::shared_ptr<ChunkRun>> stopped;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(waiting_, [&](const std::shared_ptr<ChunkRun>& chunk) {
      if (chunk->wind_down_token().stop_requested()) stopped.push_back(chunk);
      return chunk->wind_down_token().stop_requested();
    });
    metrics_.queue_depth.Set(static_cast<double>(waiting_.size()));
  }
  for (const auto& chunk : stopped) chunk->DrawingEnded(absl::CancelledError("stopped"));
}

absl::Status SamplingEngine::Draw(const std::shared_ptr<ChunkRun>& chunk) {
  const absl::Time begun = absl::Now();
  const ChunkOrder& order = chunk->order();
  LogInfo("run started", {{"job", order.id.job},
                          {"chunk", order.id.chunk},
                          {"attempt", order.id.attempt},
                          {"pictures", order.pictures.size()},
                          {"trace", order.trace_id}});
  ASSIGN_OR_RETURN(const ModelCache::Loaded loaded, models_.Get(order.model, order.precision));
  // The node's status lists warm models, which the scheduler prefers.
  if (!loaded.warm) {
    metrics_.model_loads.Increment();
    node_.Notify();
  }
  const engine::BaseModel& model = *loaded.model;
  if (options_.safety_check) RETURN_IF_ERROR(CheckHasSafety(model.info()));
  ASSIGN_OR_RETURN(const engine::Sampler sampler,
                   engine::Sampler::Make(loaded.model, order.embeddings, options_.batch));

  const absl::Time drawing_since = absl::Now();
  v1::RunEvent started;
  started.mutable_started()->set_seconds(absl::ToDoubleSeconds(drawing_since - begun));
  started.mutable_started()->set_warm(loaded.warm);
  started.mutable_started()->set_compute_threads(threads_used_);
  chunk->run().Append(std::move(started));

  engine::DrawHooks hooks;
  hooks.stop = chunk->stop_token();
  hooks.wind_down = chunk->wind_down_token();
  hooks.on_picture = [&](size_t item, RgbImage image) {
    return Deliver(chunk, model, item, std::move(image));
  };
  hooks.on_work = [&] { SayWork(*chunk); };
  // `done` counts over all pictures, so its growth is how many places the step had.
  hooks.on_step = [&, before = int64_t{0}](int64_t done, int64_t /*total*/) mutable {
    CountStep(done - std::exchange(before, done));
    chunk->ReviewStop();
    SayWork(*chunk);
  };
  RETURN_IF_ERROR(sampler.Draw(ToPictureRequests(order, model.info()), hooks, order.chunk_items));
  const double pictures = static_cast<double>(order.pictures.size());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - drawing_since) / pictures;
  for (size_t i = 0; i < order.pictures.size(); ++i) metrics_.seconds.Observe(seconds);
  return absl::OkStatus();
}

// No picture leaves before the safety checker has seen it; one that it cannot look at is an error.
absl::Status SamplingEngine::Deliver(const std::shared_ptr<ChunkRun>& chunk,
                                     const engine::BaseModel& model, size_t item, RgbImage image) {
  FinishedPicture finished{.chunk = chunk, .item = item};
  if (options_.safety_check) {
    ASSIGN_OR_RETURN(finished.safety, ReportSafety(model, image));
  }
  if (!finished.safety.blocked()) finished.image = std::move(image);
  uploader_.Add(std::move(finished), [&] { SayWork(*chunk); });
  return absl::OkStatus();
}

void SamplingEngine::CountStep(int64_t pictures) {
  metrics_.batch_occupancy.Set(static_cast<double>(pictures) / options_.batch);
}

}  // namespace imprint::sampler
