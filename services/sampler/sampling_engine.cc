#include "services/sampler/sampling_engine.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "base/status_macros.h"
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
      batch_(options.batch, options.record),
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
  while (Admit(closed)) {
    const engine::SharedBatch::StepUse use = batch_.Step();
    BeginNextRounds();
    if (const std::string warning = batch_.TakeWarning(); !warning.empty()) {
      metrics_.graph_failures.Increment();
      LogWarning(warning);
    }
    const double places = static_cast<double>(use.places);
    const double taken = static_cast<double>(use.taken);
    metrics_.places.Increment(places);
    metrics_.places_taken.Increment(taken);
    metrics_.batch_occupancy.Set(batch_.empty() ? 0 : taken / std::max(places, 1.0));
    for (const Drawn& drawn : drawn_) drawn.chunk->ReviewStop();
    SayWork();
  }
}

bool SamplingEngine::Admit(const std::stop_token& closed) {
  while (const std::shared_ptr<ChunkRun> chunk = Next(closed)) {
    const absl::Status joined = chunk->wind_down_token().stop_requested()
                                    ? absl::CancelledError("stopped before it began")
                                    : Join(chunk);
    if (!joined.ok()) chunk->DrawingEnded(joined);
  }
  return !batch_.empty();
}

std::shared_ptr<ChunkRun> SamplingEngine::Next(const std::stop_token& closed) {
  std::unique_lock lock(mutex_);
  const auto any = [this] { return !waiting_.empty(); };
  if (batch_.empty() ? !changed_.wait(lock, closed, any) : !any()) return nullptr;
  const auto next = std::max_element(
      waiting_.begin(), waiting_.end(),
      [](const auto& a, const auto& b) { return a->order().urgency < b->order().urgency; });
  std::shared_ptr<ChunkRun> chunk = *next;
  if (!HasModelFor(chunk->order())) {
    lock.unlock();
    // None of those behind it goes first, lest its model never has its turn.
    MakeRoomFor(chunk->order());
    return nullptr;
  }
  waiting_.erase(next);
  metrics_.queue_depth.Set(static_cast<double>(waiting_.size()));
  return chunk;
}

bool SamplingEngine::HasModelFor(const ChunkOrder& order) const {
  if (models_.Has(order.model, order.precision)) return true;
  std::set<const engine::BaseModel*> in_use;
  for (const Drawn& drawn : drawn_) {
    // Loading takes seconds, in which nothing is drawn.
    if (drawn.chunk->order().urgency > order.urgency) return false;
    in_use.insert(drawn.model.get());
  }
  return in_use.size() < options_.models;
}

// By the gateway's rule for pre-emption: INTERACTIVE chunks stop BULK ones. The gateway gives what
// is stopped here to a node again, and counts it as nobody's fault.
void SamplingEngine::MakeRoomFor(const ChunkOrder& order) {
  if (order.urgency < v1::JOB_PRIORITY_INTERACTIVE) return;
  const auto yields = [](const Drawn& drawn) {
    return drawn.chunk->order().urgency <= v1::JOB_PRIORITY_BULK;
  };
  // The model of the youngest chunk that only yielding ones use: room for one is enough.
  const auto youngest = std::find_if(drawn_.rbegin(), drawn_.rend(), [&](const Drawn& each) {
    return std::all_of(drawn_.begin(), drawn_.end(), [&](const Drawn& drawn) {
      return drawn.model != each.model || yields(drawn);
    });
  });
  if (youngest == drawn_.rend()) return;
  for (const Drawn& drawn : drawn_) {
    if (drawn.model != youngest->model || drawn.chunk->run().stop_order()) continue;
    drawn.chunk->run().Stop(
        {.reason = absl::StrCat("makes room for the model of ", order.id.job, ", which is urgent"),
         .finish_begun = true});
  }
}

// While an upload has no room, no step is taken in which they would end by themselves.
void SamplingEngine::EndStoppedDrawn() {
  for (const Drawn& drawn : drawn_) {
    drawn.chunk->ReviewStop();
    if (drawn.chunk->stop_token().stop_requested()) {
      drawn.chunk->DrawingEnded(absl::CancelledError("stopped"));
    }
  }
}

void SamplingEngine::SayWork() {
  for (const Drawn& drawn : drawn_) drawn.chunk->run().StillWorks();
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

absl::Status SamplingEngine::Join(const std::shared_ptr<ChunkRun>& chunk) {
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
  const engine::BaseModelInfo& model = loaded.model->info();
  if (options_.safety_check) RETURN_IF_ERROR(CheckHasSafety(model));
  ASSIGN_OR_RETURN(engine::Sampler sampler,
                   engine::Sampler::Make(loaded.model, order.embeddings, options_.batch));
  const auto drawn = drawn_.insert(drawn_.end(), {.chunk = chunk,
                                                  .model = loaded.model,
                                                  .sampler = std::move(sampler),
                                                  .warm = loaded.warm,
                                                  .loading = absl::Now() - begun});
  drawn->tries.resize(order.pictures.size());
  drawn->round.resize(order.pictures.size());
  std::iota(drawn->round.begin(), drawn->round.end(), size_t{0});
  const absl::Status added = AddRound(drawn);
  if (!added.ok()) drawn_.erase(drawn);
  return added;
}

absl::Status SamplingEngine::AddRound(std::list<Drawn>::iterator drawn) {
  const ChunkOrder& order = drawn->chunk->order();
  engine::DrawingOrder drawing = {
      .hooks = HooksOf(*drawn), .fixed_batch = order.batch_places, .urgency = order.urgency};
  for (const size_t i : drawn->round) {
    const v1::ItemRequest item = order.Item(i, drawn->tries[i].size());
    drawing.requests.push_back(ToPictureRequest(order.pictures[i], drawn->model->info()));
    drawing.requests.back().seed = item.seed();
    drawing.positions.push_back(item.has_position() ? item.position() : item.index());
  }
  return batch_.Add(drawn->sampler, std::move(drawing),
                    [this, drawn](const absl::Status& status) { Ended(drawn, status); });
}

void SamplingEngine::BeginNextRounds() {
  for (auto drawn = drawn_.begin(); drawn != drawn_.end();) {
    const auto next = std::next(drawn);
    if (drawn->round_is_over) {
      drawn->round_is_over = false;
      drawn->round = std::exchange(drawn->blocked, {});
      metrics_.redrawn.Increment(static_cast<double>(drawn->round.size()));
      const absl::Status added = AddRound(drawn);
      if (!added.ok()) Ended(drawn, added);
    }
    drawn = next;
  }
}

engine::DrawHooks SamplingEngine::HooksOf(Drawn& drawn) {
  engine::DrawHooks hooks;
  hooks.stop = drawn.chunk->stop_token();
  hooks.wind_down = drawn.chunk->wind_down_token();
  hooks.on_begin = [this, &drawn] {
    if (drawn.begun_at) return;
    drawn.begun_at = absl::Now();
    v1::RunEvent started;
    started.mutable_started()->set_seconds(absl::ToDoubleSeconds(drawn.loading));
    started.mutable_started()->set_warm(drawn.warm);
    started.mutable_started()->set_compute_threads(threads_used_);
    drawn.chunk->run().Append(std::move(started));
  };
  hooks.on_picture = [this, &drawn](size_t place, RgbImage image) {
    return Deliver(drawn, place, std::move(image));
  };
  hooks.on_work = [this] { SayWork(); };
  return hooks;
}

v1::PictureComputation SamplingEngine::ComputationOf(const ChunkOrder& order) const {
  v1::PictureComputation computation;
  computation.set_version(IMPRINT_VERSION);
  computation.set_device(std::string(Name(options_.compute.choice().device.kind)));
  computation.set_device_model(options_.device_model);
  computation.set_threads(threads_used_);
  computation.set_batch_places(std::min(order.batch_places, options_.batch));
  return computation;
}

// No picture leaves before the safety checker has seen it; one that it cannot look at is an error.
absl::Status SamplingEngine::Deliver(Drawn& drawn, size_t place, RgbImage image) {
  const ChunkOrder& order = drawn.chunk->order();
  const size_t item = drawn.round[place];
  std::vector<v1::BlockedTry>& tries = drawn.tries[item];
  FinishedPicture finished{.chunk = drawn.chunk, .item = item, .computation = ComputationOf(order)};
  if (options_.safety_check) {
    ASSIGN_OR_RETURN(finished.safety, ReportSafety(*drawn.model, image));
  }
  if (finished.safety.blocked() && tries.size() < order.pictures[item].spare_seeds.size()) {
    v1::BlockedTry blocked;
    blocked.set_seed(order.Item(item, tries.size()).seed());
    *blocked.mutable_safety() = std::move(finished.safety);
    tries.push_back(std::move(blocked));
    drawn.blocked.push_back(item);
    return absl::OkStatus();
  }
  finished.blocked_tries = tries;
  if (!finished.safety.blocked()) finished.image = std::move(image);
  uploader_.Add(std::move(finished), [&] {
    SayWork();
    EndStoppedDrawn();
  });
  return absl::OkStatus();
}

void SamplingEngine::Ended(std::list<Drawn>::iterator drawn, const absl::Status& status) {
  if (status.ok() && !drawn->blocked.empty()) {
    // The batch is in the middle of a step.
    drawn->round_is_over = true;
    return;
  }
  if (status.ok()) {
    const int pictures = static_cast<int>(drawn->chunk->order().pictures.size());
    const double seconds = absl::ToDoubleSeconds(absl::Now() - *drawn->begun_at) / pictures;
    for (int i = 0; i < pictures; ++i) metrics_.seconds.Observe(seconds);
  }
  drawn->chunk->DrawingEnded(status);
  drawn_.erase(drawn);
}

}  // namespace imprint::sampler
