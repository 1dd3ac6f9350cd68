#include "services/trainer/trainer_endpoint.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "services/node/gang_check.h"
#include "services/node/run_id.h"
#include "services/node/run_stream.h"
#include "services/server/call.h"

namespace imprint::trainer {
namespace {

// What the node itself needs of a request; the rest is the child's to judge, which knows the model.
absl::StatusOr<node::RunId> CheckStart(const v1::StartTrainingRequest& request) {
  ASSIGN_OR_RETURN(node::RunId id, node::ParseRunId(request.run()));
  if (id.chunk != 0) return FieldError("run.chunk", absl::StrCat(id.chunk), "0 for a training");
  if (!request.has_spec()) return FieldError("spec", "none", "what is to be taught");
  const int threads = request.spec().compute_threads();
  if (threads < 0 || threads > 1024) {
    return FieldError("spec.compute_threads", absl::StrCat(threads), "0 to 1024");
  }
  if (request.model().folder().empty()) {
    return FieldError("model.folder", "none", "the base model's folder");
  }
  if (request.model().fingerprint().empty()) {
    return FieldError("model.fingerprint", "none", "the base model's fingerprint");
  }
  if (request.ticket().registry().empty()) {
    return FieldError("ticket.registry", "none", "the registry's address");
  }
  if (request.has_gang()) RETURN_IF_ERROR(node::CheckGang(request.gang(), id.rank));
  if (!request.has_gang() && id.rank != 0) {
    return FieldError("run.rank", absl::StrCat(id.rank), "0 for a training without a gang");
  }
  return id;
}

}  // namespace

grpc::Status TrainerEndpoint::Start(grpc::ServerContext* context,
                                    const v1::StartTrainingRequest* request,
                                    v1::StartTrainingResponse* response) {
  return AnswerWith(*context, *response, [&] { return Begin(*request); });
}

grpc::Status TrainerEndpoint::Attach(grpc::ServerContext* context,
                                     const v1::AttachTrainingRequest* request,
                                     grpc::ServerWriter<v1::RunEvent>* writer) {
  return node::StreamRun(runs_, request->run(), request->from_event(), *context, *writer);
}

grpc::Status TrainerEndpoint::Stop(grpc::ServerContext* context,
                                   const v1::StopTrainingRequest* request,
                                   v1::StopTrainingResponse* /*response*/) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const node::RunId id, node::ParseRunId(request->run()));
    return runs_.Stop(id, request->mode(), request->reason());
  });
}

absl::StatusOr<v1::StartTrainingResponse> TrainerEndpoint::Begin(
    const v1::StartTrainingRequest& request) {
  ASSIGN_OR_RETURN(const node::RunId id, CheckStart(request));
  if (models_.AreKnown()) {
    RETURN_IF_ERROR(models_.Check("model.folder", request.model().folder()));
  }
  ASSIGN_OR_RETURN(const node::RunTable::Begun begun, runs_.Begin(id));
  if (!begun.existed) Compute(begun.run, request);
  v1::StartTrainingResponse response;
  response.set_existed(begun.existed);
  return response;
}

void TrainerEndpoint::Compute(std::shared_ptr<node::Run> run, v1::StartTrainingRequest request) {
  const absl::MutexLock lock(&mutex_);
  workers_.remove_if([](Worker& worker) {
    // Looked at once: it may change any moment, and only what was joined may go.
    if (!worker.done) return false;
    worker.thread.join();
    return true;
  });
  Worker& worker = workers_.emplace_back();
  worker.thread = std::thread([this, &worker, run = std::move(run), request = std::move(request)] {
    runner_.Compute(*run, request);
    worker.done = true;
  });
}

void TrainerEndpoint::Join() {
  std::list<Worker> workers;
  {
    const absl::MutexLock lock(&mutex_);
    workers.swap(workers_);
  }
  for (Worker& worker : workers) worker.thread.join();
}

}  // namespace imprint::trainer
