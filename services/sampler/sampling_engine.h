// The thread that draws: the pictures of all chunks of this node share its batches.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "engine/cuda/device_graph.h"
#include "engine/sampling/sampler.h"
#include "engine/sampling/shared_batch.h"
#include "orders/compute_options.h"
#include "services/node/change_signal.h"
#include "services/sampler/chunk_run.h"
#include "services/sampler/model_cache.h"
#include "services/sampler/picture_uploader.h"
#include "services/sampler/sampler_metrics.h"

namespace imprint::sampler {

struct SamplingOptions {
  // The number of pictures drawn at once.
  int batch = 4;
  // The device and the threads count; the precision is each chunk's own.
  ComputeOptions compute = {};
  // The device's model, for the record.
  std::string device_model;
  // What records graphs on the device; null if none are wanted.
  engine::RecordGraph record = nullptr;
  // The number of base models kept in memory.
  size_t models = 1;
  // Whether every picture must pass the model's safety checker before it leaves. A model without
  // one is then refused.
  bool safety_check = true;
};

// Thread-safe.
class SamplingEngine {
 public:
  // The references must outlive it; `node` is notified of models that were loaded.
  SamplingEngine(const SamplingOptions& options, PictureUploader& uploader, SamplerMetrics& metrics,
                 node::ChangeSignal& node);

  // Queues the chunk. It joins the batch at the next step if its base model is in memory or there
  // is room for one more; otherwise it waits until there is, and BULK chunks give way to an
  // INTERACTIVE one.
  void Add(std::shared_ptr<ChunkRun> chunk);

  // Ends queued chunks that were told to stop. To be called every second.
  void EndStoppedWaiting();

  std::vector<std::string> WarmModels() const { return models_.Fingerprints(); }
  // The most places that its batches can have.
  int largest_batch() const { return options_.batch; }
  // The number of kernel threads; 0 until the engine has begun.
  int threads() const { return threads_used_; }

 private:
  // A chunk in the batch. It is drawn in rounds: pictures that the safety checker blocks are drawn
  // again in the next one, as long as they have spare seeds.
  struct Drawn {
    std::shared_ptr<ChunkRun> chunk;
    std::shared_ptr<const engine::BaseModel> model;
    engine::Sampler sampler;
    bool warm = true;
    absl::Duration loading;
    std::optional<absl::Time> begun_at = {};  // its first picture
    // The chunk's pictures that this round draws, and those that were blocked in it.
    std::vector<size_t> round = {};
    std::vector<size_t> blocked = {};
    // Of each of the chunk's pictures.
    std::vector<std::vector<v1::BlockedTry>> tries = {};
    bool round_is_over = false;
  };

  void Work(const std::stop_token& closed);
  // Lets queued chunks join the batch, the more urgent first; while nothing is drawn, waits for
  // one. False once there is nothing left to do.
  bool Admit(const std::stop_token& closed);
  std::shared_ptr<ChunkRun> Next(const std::stop_token& closed);
  // Returns whether the chunk's model is in memory, or can be loaded now.
  bool HasModelFor(const ChunkOrder& order) const;
  // Stops what is drawn with one model, between pictures if that is soon, for an urgent chunk that
  // needs another.
  void MakeRoomFor(const ChunkOrder& order);
  void EndStoppedDrawn();
  absl::Status Join(const std::shared_ptr<ChunkRun>& chunk);
  // Adds what is to be drawn in a round, as long as it is not empty.
  absl::Status AddRound(std::list<Drawn>::iterator drawn);
  void BeginNextRounds();
  engine::DrawHooks HooksOf(Drawn& drawn);
  v1::PictureComputation ComputationOf(const ChunkOrder& order) const;
  // `place` is the picture's in the round.
  absl::Status Deliver(Drawn& drawn, size_t place, RgbImage image);
  void Ended(std::list<Drawn>::iterator drawn, const absl::Status& status);
  // Reports all chunks as working: as long as the batch is not stalled, none of them is.
  void SayWork();

  const SamplingOptions options_;
  PictureUploader& uploader_;
  SamplerMetrics& metrics_;
  node::ChangeSignal& node_;
  ModelCache models_;
  std::atomic<int> threads_used_ = 0;
  // Used by the thread alone, like `drawn_`.
  engine::SharedBatch batch_;
  std::list<Drawn> drawn_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::shared_ptr<ChunkRun>> waiting_;
  // The last member, so that it ends before what it uses.
  std::jthread thread_;
};

}  // namespace imprint::sampler
