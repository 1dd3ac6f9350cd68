// Implements RankService: trains for the node agent that started this process.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/rank.grpc.pb.h>

#include "services/rank/rank_training.h"

namespace imprint::rank {

class RankEndpoint : public v1::RankService::Service {
 public:
  // Takes up to `pack` trainings at once.
  explicit RankEndpoint(RankContext context = {}, int pack = 1)
      : pack_(static_cast<size_t>(pack)), training_(std::move(context)) {}

  // Sets the number of threads of the kernels; 0 means all. Returns INVALID_ARGUMENT naming
  // threads.
  absl::Status SetThreads(int threads) { return training_.SetThreads(threads); }

  grpc::Status Train(grpc::ServerContext* context, const v1::TrainRequest* request,
                     grpc::ServerWriter<v1::RunEvent>* writer) override;
  // Returns FAILED_PRECONDITION if that training is not running.
  grpc::Status Stop(grpc::ServerContext* context, const v1::StopRankRequest* request,
                    v1::StopRankResponse* response) override;

 private:
  // The stop order of a training that is running.
  struct Current {
    std::stop_source stop;
    std::atomic<bool> keep = true;
  };

  absl::Status TrainOne(grpc::ServerContext& context, const v1::TrainRequest& request,
                        grpc::ServerWriter<v1::RunEvent>& writer);

  // Returns RESOURCE_EXHAUSTED if there are as many as it takes.
  absl::Status Enter(const std::string& run, Current& current);

  const size_t pack_;
  RankTraining training_;
  absl::Mutex mutex_;
  // By what is unique to a run.
  std::map<std::string, Current*> running_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint::rank
