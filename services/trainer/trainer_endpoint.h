// Implements TrainerService: begins, streams and stops runs.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/trainer.grpc.pb.h>

#include "services/node/run_table.h"
#include "services/server/model_roots.h"
#include "services/trainer/training_runner.h"

namespace imprint::trainer {

class TrainerEndpoint : public v1::TrainerService::Service {
 public:
  // All arguments must outlive it.
  TrainerEndpoint(node::RunTable& runs, TrainingRunner& runner, const ModelRoots& models)
      : runs_(runs), runner_(runner), models_(models) {}
  ~TrainerEndpoint() override { Join(); }

  grpc::Status Start(grpc::ServerContext* context, const v1::StartTrainingRequest* request,
                     v1::StartTrainingResponse* response) override;
  grpc::Status Attach(grpc::ServerContext* context, const v1::AttachTrainingRequest* request,
                      grpc::ServerWriter<v1::RunEvent>* writer) override;
  grpc::Status Stop(grpc::ServerContext* context, const v1::StopTrainingRequest* request,
                    v1::StopTrainingResponse* response) override;

  // Joins the runs' threads; their children have ended, or will.
  void Join();

 private:
  struct Worker {
    std::thread thread;
    std::atomic<bool> done = false;
  };

  absl::StatusOr<v1::StartTrainingResponse> Begin(const v1::StartTrainingRequest& request);
  void Compute(std::shared_ptr<node::Run> run, v1::StartTrainingRequest request);

  node::RunTable& runs_;
  TrainingRunner& runner_;
  const ModelRoots& models_;
  absl::Mutex mutex_;
  std::list<Worker> workers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint::trainer
