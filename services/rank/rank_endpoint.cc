#include "services/rank/rank_endpoint.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "services/server/call.h"

namespace imprint::rank {
namespace {

std::string KeyOf(const v1::RunKey& run) {
  return absl::StrCat(run.job(), "/", run.chunk(), "/", run.attempt(), "/", run.rank());
}

}  // namespace

grpc::Status RankEndpoint::Train(grpc::ServerContext* context, const v1::TrainRequest* request,
                                 grpc::ServerWriter<v1::RunEvent>* writer) {
  return Answer(*context, [&] { return TrainOne(*context, *request, *writer); });
}

absl::Status RankEndpoint::TrainOne(grpc::ServerContext& context, const v1::TrainRequest& request,
                                    grpc::ServerWriter<v1::RunEvent>& writer) {
  Current current;
  const std::string run = KeyOf(request.run());
  RETURN_IF_ERROR(Enter(run, current));
  const absl::Cleanup leave = [&] {
    const absl::MutexLock lock(&mutex_);
    running_.erase(run);
  };
  const TrainingControl control = {.emit =
                                       [&](v1::RunEvent event) {
                                         if (writer.Write(event) && !context.IsCancelled()) return;
                                         current.keep = false;
                                         current.stop.request_stop();
                                       },
                                   .stop = current.stop.get_token(),
                                   .keep = [&] { return current.keep.load(); }};
  training_.Train(request, control);
  if (context.IsCancelled()) return absl::CancelledError("the agent has gone");
  return absl::OkStatus();
}

grpc::Status RankEndpoint::Stop(grpc::ServerContext* context, const v1::StopRankRequest* request,
                                v1::StopRankResponse* /*response*/) {
  return Answer(*context, [&]() -> absl::Status {
    const absl::MutexLock lock(&mutex_);
    const auto found = running_.find(KeyOf(request->run()));
    if (found == running_.end()) return absl::FailedPreconditionError("no such training runs");
    if (request->mode() == v1::STOP_MODE_ABANDON) found->second->keep = false;
    found->second->stop.request_stop();
    return absl::OkStatus();
  });
}

absl::Status RankEndpoint::Enter(const std::string& run, Current& current) {
  const absl::MutexLock lock(&mutex_);
  if (running_.contains(run)) return absl::ResourceExhaustedError("this training runs already");
  if (running_.size() >= pack_) {
    return absl::ResourceExhaustedError(
        absl::StrCat(running_.size(), " of ", pack_, " trainings run already"));
  }
  running_[run] = &current;
  return absl::OkStatus();
}

}  // namespace imprint::rank
