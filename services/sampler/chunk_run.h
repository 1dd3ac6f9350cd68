// The life of one chunk: drawn by the engine, uploaded picture by picture alongside, and ended by
// whichever of the two is last.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include <imprint/v1/node.pb.h>

#include "services/node/run.h"
#include "services/sampler/chunk_order.h"
#include "services/sampler/sampler_metrics.h"

namespace imprint::sampler {

// Thread-safe.
class ChunkRun {
 public:
  ChunkRun(std::shared_ptr<node::Run> run, ChunkOrder order, SamplerMetrics& metrics);

  const ChunkOrder& order() const { return order_; }
  node::Run& run() { return *run_; }
  // Requested when the run is told to stop, and when it has failed.
  std::stop_token stop_token() const { return stop_.get_token(); }
  // Requested together with that stop or before it: no further picture shall be begun.
  std::stop_token wind_down_token() const { return wind_down_.get_token(); }
  // To be called now and then while the chunk is drawn. Stops pictures that were to be finished but
  // take too long, and all of them if a later stop order no longer lets work in progress be
  // finished.
  void ReviewStop();

  // A picture is handed to the uploader; one of the next three calls follows.
  void Expect();
  // The picture is in the registry, or recorded there as blocked.
  void Delivered(v1::PictureDrawn picture);
  // The picture was not uploaded because the run was stopped.
  void Dropped();
  // The picture could not be uploaded, and that ends the run.
  void UploadFailed(const v1::Failure& failure);

  // Drawing is over; the first call ends it. A status other than OK and CANCELLED ends the run with
  // that failure.
  void DrawingEnded(const absl::Status& status);

 private:
  void HearStop();
  void Settle();
  void FailLocked(const v1::Failure& failure) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns the last event, once, when drawing and uploads are over.
  std::optional<v1::RunEvent> EndLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<node::Run> run_;
  const ChunkOrder order_;
  SamplerMetrics& metrics_;
  std::stop_source stop_;
  std::stop_source wind_down_;
  // When winding down began; before that, later than any time.
  std::atomic<int64_t> winding_since_us_ = std::numeric_limits<int64_t>::max();
  absl::Mutex mutex_;
  int64_t outstanding_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t delivered_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t blocked_ ABSL_GUARDED_BY(mutex_) = 0;
  bool drawing_ ABSL_GUARDED_BY(mutex_) = true;
  bool settled_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<v1::Failure> failure_ ABSL_GUARDED_BY(mutex_);
  // The last member, so that it is destroyed before what it calls.
  std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace imprint::sampler
