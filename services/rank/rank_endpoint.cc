#include "services/rank/rank_endpoint.h"

#include <utility>

#include "absl/cleanup/cleanup.h"

#include "engine/torch/threads.h"
#include "services/server/call.h"

namespace imprint::rank {

absl::Status RankEndpoint::SetThreads(int threads) {
  absl::Status status;
  compute_.Run([&] { status = engine::SetComputeThreads(threads); });
  return status;
}

grpc::Status RankEndpoint::Train(grpc::ServerContext* context, const v1::TrainRequest* request,
                                 grpc::ServerWriter<v1::RunEvent>* writer) {
  return Answer(*context, [&] { return TrainOne(*context, *request, *writer); });
}

absl::Status RankEndpoint::TrainOne(grpc::ServerContext& context, const v1::TrainRequest& request,
                                    grpc::ServerWriter<v1::RunEvent>& writer) {
  Current current;
  {
    const absl::MutexLock lock(&mutex_);
    if (current_ != nullptr) return absl::ResourceExhaustedError("a training runs already");
    current_ = &current;
  }
  const absl::Cleanup leave = [this] {
    const absl::MutexLock lock(&mutex_);
    current_ = nullptr;
  };
  const TrainingControl control = {.emit =
                                       [&](v1::RunEvent event) {
                                         if (writer.Write(event) && !context.IsCancelled()) return;
                                         current.keep = false;
                                         current.stop.request_stop();
                                       },
                                   .stop = current.stop.get_token(),
                                   .keep = [&] { return current.keep.load(); }};
  compute_.Run([&] { training_.Train(request, control); });
  if (context.IsCancelled()) return absl::CancelledError("the agent has gone");
  return absl::OkStatus();
}

grpc::Status RankEndpoint::Stop(grpc::ServerContext* context, const v1::StopRankRequest* request,
                                v1::StopRankResponse* /*response*/) {
  return Answer(*context, [&]() -> absl::Status {
    const absl::MutexLock lock(&mutex_);
    if (current_ == nullptr) return absl::FailedPreconditionError("no training runs");
    if (request->mode() == v1::STOP_MODE_ABANDON) current_->keep = false;
    current_->stop.request_stop();
    return absl::OkStatus();
  });
}

}  // namespace imprint::rank
