// For tests: a trainer or a sampler with one run, which says what the test lets it say.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include <grpcpp/server_context.h>
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/node.pb.h>
#include <imprint/v1/sampler.grpc.pb.h>
#include <imprint/v1/trainer.grpc.pb.h>

namespace imprint::gateway {

// Thread-safe. It holds a run from the start, as if another gateway had begun it, until Lose().
template <typename Service, typename StartRequest, typename StartResponse, typename AttachRequest,
          typename StopRequest, typename StopResponse>
class ScriptedNode : public Service {
 public:
  grpc::Status Start(grpc::ServerContext* /*context*/, const StartRequest* request,
                     StartResponse* /*response*/) override {
    const absl::MutexLock lock(&mutex_);
    started_.push_back(*request);
    return start_answer_;
  }

  grpc::Status Attach(grpc::ServerContext* context, const AttachRequest* request,
                      grpc::ServerWriter<v1::RunEvent>* writer) override {
    const absl::MutexLock lock(&mutex_);
    attached_.push_back(*request);
    const int breaks = breaks_;
    auto next = static_cast<size_t>(std::max<int64_t>(request->from_event(), 1)) - 1;
    while (!lost_ && breaks == breaks_ && !context->IsCancelled()) {
      if (next < said_.size()) {
        const v1::RunEvent& event = said_[next++];
        if (!writer->Write(event)) break;
        if (IsLast(event)) return grpc::Status::OK;
      } else {
        // Nothing tells that the caller has gone.
        changed_.WaitWithTimeout(&mutex_, absl::Milliseconds(5));
      }
    }
    if (lost_) return {grpc::StatusCode::NOT_FOUND, "no such run"};
    return {grpc::StatusCode::UNAVAILABLE, "the stream broke"};
  }

  grpc::Status Stop(grpc::ServerContext* /*context*/, const StopRequest* request,
                    StopResponse* /*response*/) override {
    const absl::MutexLock lock(&mutex_);
    stopped_.push_back(*request);
    return stop_answer_;
  }

  // Says something of the run to whoever follows it; events are numbered in this order.
  void Say(v1::RunEvent event) {
    const absl::MutexLock lock(&mutex_);
    event.set_number(std::ssize(said_) + 1);
    said_.push_back(std::move(event));
    changed_.SignalAll();
  }

  // Breaks the streams of those that follow the run now.
  void BreakStreams() {
    const absl::MutexLock lock(&mutex_);
    ++breaks_;
    changed_.SignalAll();
  }

  // Knows of no run any more.
  void Lose() {
    const absl::MutexLock lock(&mutex_);
    lost_ = true;
    changed_.SignalAll();
  }

  // Sets how it answers from now on.
  void AnswerStarts(grpc::Status status) {
    const absl::MutexLock lock(&mutex_);
    start_answer_ = std::move(status);
  }
  void AnswerStops(grpc::Status status) {
    const absl::MutexLock lock(&mutex_);
    stop_answer_ = std::move(status);
  }

  // Every call that it was sent, in order.
  std::vector<StartRequest> started() const {
    const absl::MutexLock lock(&mutex_);
    return started_;
  }
  std::vector<AttachRequest> attached() const {
    const absl::MutexLock lock(&mutex_);
    return attached_;
  }
  std::vector<StopRequest> stopped() const {
    const absl::MutexLock lock(&mutex_);
    return stopped_;
  }

 private:
  static bool IsLast(const v1::RunEvent& event) {
    return event.has_training_result() || event.has_chunk_result() || event.has_failure() ||
           event.has_stopped() || event.has_rank_done();
  }

  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::vector<v1::RunEvent> said_ ABSL_GUARDED_BY(mutex_);
  bool lost_ ABSL_GUARDED_BY(mutex_) = false;
  int breaks_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::Status start_answer_ ABSL_GUARDED_BY(mutex_);
  grpc::Status stop_answer_ ABSL_GUARDED_BY(mutex_);
  std::vector<StartRequest> started_ ABSL_GUARDED_BY(mutex_);
  std::vector<AttachRequest> attached_ ABSL_GUARDED_BY(mutex_);
  std::vector<StopRequest> stopped_ ABSL_GUARDED_BY(mutex_);
};

using ScriptedTrainer =
    ScriptedNode<v1::TrainerService::Service, v1::StartTrainingRequest, v1::StartTrainingResponse,
                 v1::AttachTrainingRequest, v1::StopTrainingRequest, v1::StopTrainingResponse>;
using ScriptedSampler =
    ScriptedNode<v1::SamplerService::Service, v1::StartSamplingRequest, v1::StartSamplingResponse,
                 v1::AttachSamplingRequest, v1::StopSamplingRequest, v1::StopSamplingResponse>;

}  // namespace imprint::gateway
