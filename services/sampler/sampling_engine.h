// The thread that draws: chunk by chunk, several pictures to a batch.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

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

  // Queues the chunk, to be drawn after those before it.
  void Add(std::shared_ptr<ChunkRun> chunk);

  // Ends queued chunks that were told to stop. To be called every second.
  void EndStoppedWaiting();

  std::vector<std::string> WarmModels() const { return models_.Fingerprints(); }
  // The number of kernel threads; 0 until the engine has begun.
  int threads() const { return threads_used_; }

 private:
  void Work(const std::stop_token& closed);
  std::shared_ptr<ChunkRun> Next(const std::stop_token& closed);
  // Reports the chunk that is being drawn, and those queued behind it, as working: as long as the
  // one is not stalled, the others are not either.
  void SayWork(ChunkRun& drawn);
  absl::Status Draw(const std::shared_ptr<ChunkRun>& chunk);
  absl::Status Deliver(const std::shared_ptr<ChunkRun>& chunk, const engine::BaseModel& model,
                       size_t item, RgbImage image);
  void CountStep(int64_t pictures);

  const SamplingOptions options_;
  PictureUploader& uploader_;
  SamplerMetrics& metrics_;
  node::ChangeSignal& node_;
  ModelCache models_;
  std::atomic<int> threads_used_ = 0;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::shared_ptr<ChunkRun>> waiting_;
  // The last member, so that it ends before what it uses.
  std::jthread thread_;
};

}  // namespace imprint::sampler
