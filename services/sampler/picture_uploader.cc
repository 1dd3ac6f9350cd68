#include "services/sampler/picture_uploader.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "base/pause.h"
#include "base/sha256.h"
#include "imaging/encode.h"
#include "rpc/channel.h"
#include "rpc/retry.h"
#include "services/node/run_failure.h"
#include "services/sampler/registry_upload.h"
#include "services/server/log.h"

namespace imprint::sampler {
namespace {

constexpr absl::Duration kUploadTimeout = absl::Seconds(30);
// The one try after a stop or during a shutdown, which wait for it.
constexpr absl::Duration kLastUploadTimeout = absl::Seconds(5);
constexpr Backoff kUploadBackoff(absl::Milliseconds(100), absl::Seconds(5));

// DEADLINE_EXCEEDED is this try's own deadline, and trying again is safe since the registry takes
// an item once. INTERNAL is not retried: the registry may fail at this very picture, which the
// run's end must say.
bool IsRetryableUpload(const absl::Status& error) {
  return IsTransient(error) || IsRetryable(error);
}

// Whether nobody wants the picture any more.
bool Abandoned(ChunkRun& chunk) {
  if (!chunk.stop_token().stop_requested()) return false;
  const auto order = chunk.run().stop_order();
  return !order || !order->keep;
}

}  // namespace

PictureUploader::PictureUploader(SamplerMetrics& metrics, int threads, absl::Duration wait_slice)
    : metrics_(metrics), wait_slice_(wait_slice) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& closed) { Work(closed); });
  }
}

PictureUploader::~PictureUploader() {
  // All are told before any is joined, so that their last tries run side by side.
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  for (const FinishedPicture& picture : waiting_) picture.chunk->Dropped();
}

void PictureUploader::Add(FinishedPicture picture, const std::function<void()>& on_wait) {
  picture.chunk->Expect();
  const std::stop_token stop = picture.chunk->stop_token();
  const auto room = [this] { return waiting_.size() < kMaxWaiting; };
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, stop, absl::ToChronoNanoseconds(wait_slice_), room)) {
    lock.unlock();
    if (stop.stop_requested()) return picture.chunk->Dropped();
    // Not under the lock, which the upload threads need to make room.
    on_wait();
    lock.lock();
  }
  waiting_.push_back(std::move(picture));
  changed_.notify_all();
}

void PictureUploader::Work(const std::stop_token& closed) {
  while (true) {
    FinishedPicture picture;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, closed, [this] { return !waiting_.empty(); })) return;
      picture = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.notify_all();
    }
    Upload(picture, closed);
  }
}

void PictureUploader::Upload(const FinishedPicture& picture, const std::stop_token& closed) {
  ChunkRun& chunk = *picture.chunk;
  const ChunkOrder& order = chunk.order();
  v1::UploadItemRequest::ItemHeader header;
  header.set_token(order.ticket.token());
  *header.mutable_request() = order.Item(picture.item, picture.blocked_tries.size());
  header.mutable_blocked_tries()->Assign(picture.blocked_tries.begin(),
                                         picture.blocked_tries.end());
  *header.mutable_safety() = picture.safety;
  *header.mutable_computation() = picture.computation;
  std::string file;
  if (!picture.safety.blocked()) {
    auto encoded = EncodePicture(picture.image, order.format);
    if (!encoded.ok())
      return chunk.UploadFailed(
          node::EngineFailure(node::EngineWork::kComputing, encoded.status()));
    file = *std::move(encoded);
    header.set_sha256(Sha256Hex(file));
  }
  const auto registry = Registry(order.ticket.registry());
  Backoff backoff = kUploadBackoff;
  for (bool warned = false;; warned = true) {
    if (Abandoned(chunk)) return chunk.Dropped();
    // Read before the try: a stop that comes during it still leaves one more.
    const bool last = closed.stop_requested() || chunk.stop_token().stop_requested();
    const auto item =
        UploadItem(*registry, header, file, last ? kLastUploadTimeout : kUploadTimeout);
    if (item.ok()) {
      v1::PictureDrawn drawn;
      // What the registry has, which may be an earlier attempt's picture.
      *drawn.mutable_request() = item->request();
      *drawn.mutable_safety() = item->safety();
      drawn.set_sha256(item->sha256());
      return chunk.Delivered(std::move(drawn));
    }
    if (!IsRetryableUpload(item.status())) {
      return chunk.UploadFailed(node::RegistryFailure(item.status()));
    }
    if (last) return chunk.Dropped();
    if (!warned) {
      LogWarning("uploading a picture to the registry failed; it is retried with back-off",
                 {{"job", order.id.job},
                  {"item", header.request().index()},
                  {"error", absl::string_view(item.status().message())}});
    }
    metrics_.upload_retries.Increment();
    chunk.run().StillWorks();
    SayWaitingWork();
    Pause(chunk.stop_token(), backoff.Next());
  }
}

void PictureUploader::SayWaitingWork() {
  const std::lock_guard lock(mutex_);
  for (const FinishedPicture& picture : waiting_) picture.chunk->run().StillWorks();
}

std::shared_ptr<v1::TransferService::StubInterface> PictureUploader::Registry(
    const std::string& address) {
  const std::lock_guard lock(mutex_);
  auto& registry = registries_[address];
  if (registry == nullptr) registry = v1::TransferService::NewStub(OpenChannel(address));
  return registry;
}

}  // namespace imprint::sampler
