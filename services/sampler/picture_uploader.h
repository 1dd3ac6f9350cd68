// Takes finished pictures off the engine's hands: encodes them and uploads them to the registry
// while the next ones are drawn.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include <grpcpp/channel.h>
#include <imprint/v1/transfer.grpc.pb.h>

#include "base/rgb_image.h"
#include "services/sampler/chunk_run.h"
#include "services/sampler/sampler_metrics.h"

namespace imprint::sampler {

struct FinishedPicture {
  std::shared_ptr<ChunkRun> chunk;
  // The picture's index among the chunk's items.
  size_t item = 0;
  // Ignored if the safety report blocks the picture.
  RgbImage image;
  v1::SafetyReport safety;
  v1::PictureComputation computation;
  // Earlier tries, each with the next of its seeds.
  std::vector<v1::BlockedTry> blocked_tries;
};

// Thread-safe.
class PictureUploader {
 public:
  // The most pictures that may be queued; beyond that, Add blocks (backpressure).
  static constexpr size_t kMaxWaiting = 16;

  // While Add blocks, it calls `on_wait` every `wait_slice`.
  explicit PictureUploader(SamplerMetrics& metrics, int threads = 2,
                           absl::Duration wait_slice = absl::Seconds(2));
  // Drops what is still queued.
  ~PictureUploader();
  PictureUploader(const PictureUploader&) = delete;
  PictureUploader& operator=(const PictureUploader&) = delete;

  // Queues a picture. The chunk learns the outcome: Delivered, Dropped or UploadFailed. If the
  // registry does not answer, the upload is retried with back-off until the chunk is told to stop;
  // then once more if the chunk keeps its progress. `on_wait` is called now and then while the
  // queue is full: a run that waits for room is still working.
  void Add(
      FinishedPicture picture, const std::function<void()>& on_wait = [] {});

 private:
  void Work(const std::stop_token& closed);
  void Upload(const FinishedPicture& picture, const std::stop_token& closed);
  // Reports the chunks of queued pictures as working: they are not stalled by an upload that is
  // being retried.
  void SayWaitingWork();
  std::shared_ptr<v1::TransferService::StubInterface> Registry(const std::string& address);

  SamplerMetrics& metrics_;
  const absl::Duration wait_slice_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<FinishedPicture> waiting_;
  std::map<std::string, std::shared_ptr<v1::TransferService::StubInterface>> registries_;
  std::vector<std::jthread> threads_;
};

}  // namespace imprint::sampler
