// Takes finished pictures off the engine's hands: encodes them and brings them to the registry
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
  // Which of the chunk's items.
  size_t item = 0;
  // Not looked at if the safety report blocks it.
  RgbImage image;
  v1::SafetyReport safety;
};

// Thread-safe.
class PictureUploader {
 public:
  // Pictures that may wait; more make Add wait.
  static constexpr size_t kMaxWaiting = 16;

  // While Add waits it says so, every `wait_slice`.
  explicit PictureUploader(SamplerMetrics& metrics, int threads = 2,
                           absl::Duration wait_slice = absl::Seconds(2));
  // What waits still is dropped.
  ~PictureUploader();
  PictureUploader(const PictureUploader&) = delete;
  PictureUploader& operator=(const PictureUploader&) = delete;

  // The chunk hears what becomes of it: Delivered, Dropped or UploadFailed. A registry that does
  // not answer is asked again, less and less often, until the chunk is told to stop; then once
  // more if it keeps what it reached. `on_wait` is called now and then while there is no room: who
  // waits for that long still works.
  void Add(
      FinishedPicture picture, const std::function<void()>& on_wait = [] {});

 private:
  void Work(const std::stop_token& closed);
  void Upload(const FinishedPicture& picture, const std::stop_token& closed);
  // Chunks behind one that the registry does not take are not stalled.
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
