// The one thread that draws: chunk by chunk, several pictures to a batch.
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
#include "absl/time/time.h"

#include "engine/devices/compute_device.h"
#include "services/node/change_signal.h"
#include "services/sampler/chunk_run.h"
#include "services/sampler/model_cache.h"
#include "services/sampler/picture_uploader.h"
#include "services/sampler/sampler_metrics.h"

namespace imprint::sampler {

struct SamplingOptions {
  // Pictures that are drawn at once.
  int batch = 4;
  ComputeDevice device;
  // Threads of the kernels on the processor; 0 means all processors.
  int threads = 0;
  // Base models that stay in memory.
  size_t models = 1;
  // Whether every picture passes the model's safety checker before it leaves. A model without one
  // is then refused.
  bool safety_check = true;
};

// Thread-safe.
class SamplingEngine {
 public:
  // Both must outlive it; `node` hears of models that were loaded.
  SamplingEngine(const SamplingOptions& options, PictureUploader& uploader, SamplerMetrics& metrics,
                 node::ChangeSignal& node);

  // Draws it when those before it are done.
  void Add(std::shared_ptr<ChunkRun> chunk);

  // Ends chunks that were told to stop while they wait; to be called every second.
  void EndStoppedWaiting();

  std::vector<std::string> WarmModels() const { return models_.Fingerprints(); }
  // 0 until the engine has begun.
  int threads() const { return threads_used_; }

 private:
  void Work(const std::stop_token& closed);
  std::shared_ptr<ChunkRun> Next(const std::stop_token& closed);
  // Those that wait are not stalled while the one that is drawn is not.
  void SayWork(ChunkRun& drawn);
  absl::Status Draw(const std::shared_ptr<ChunkRun>& chunk);
  absl::Status Deliver(const std::shared_ptr<ChunkRun>& chunk, const BaseModel& model, size_t item,
                       RgbImage image);
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
  // Last: it ends before what it uses.
  std::jthread thread_;
};

}  // namespace imprint::sampler
