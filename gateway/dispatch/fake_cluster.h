// For tests: a registry and a sampler that do only what the gateway's dispatch can see.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <imprint/v1/registry.grpc.pb.h>
#include <imprint/v1/sampler.grpc.pb.h>
#include <imprint/v1/transfer.grpc.pb.h>

#include "gateway/peers/node_table.h"

namespace imprint::gateway {

class FakeRegistry : public v1::TransferService::Service {
 public:
  grpc::Status IssueTicket(grpc::ServerContext* /*context*/, const v1::IssueTicketRequest* request,
                           v1::IssueTicketResponse* response) override {
    const absl::MutexLock lock(&mutex_);
    issued_.push_back(*request);
    response->set_token("ticket");
    return grpc::Status::OK;
  }

  grpc::Status RenewTicket(grpc::ServerContext* /*context*/, const v1::RenewTicketRequest* request,
                           v1::RenewTicketResponse* /*response*/) override {
    const absl::MutexLock lock(&mutex_);
    renewed_.push_back(*request);
    return renewal_;
  }

  grpc::Status EndTicket(grpc::ServerContext* /*context*/, const v1::EndTicketRequest* request,
                         v1::EndTicketResponse* /*response*/) override {
    const absl::MutexLock lock(&mutex_);
    ended_.push_back(*request);
    return grpc::Status::OK;
  }

  // Sets how renewals are answered from now on.
  void AnswerRenewals(grpc::Status status) {
    const absl::MutexLock lock(&mutex_);
    renewal_ = std::move(status);
  }

  // Every ticket that was requested, in order.
  std::vector<v1::IssueTicketRequest> issued() const {
    const absl::MutexLock lock(&mutex_);
    return issued_;
  }

  // Every ticket that was ended, in order.
  std::vector<v1::EndTicketRequest> ended() const {
    const absl::MutexLock lock(&mutex_);
    return ended_;
  }

  // Every renewal that was requested, in order.
  std::vector<v1::RenewTicketRequest> renewed() const {
    const absl::MutexLock lock(&mutex_);
    return renewed_;
  }

  grpc::Status CreateImageSet(grpc::ServerContext* /*context*/,
                              const v1::CreateImageSetRequest* /*request*/,
                              v1::ImageSet* set) override {
    set->set_name("imageSets/s");
    return grpc::Status::OK;
  }

  grpc::Status RevokeTickets(grpc::ServerContext* /*context*/,
                             const v1::RevokeTicketsRequest* request,
                             v1::RevokeTicketsResponse* /*response*/) override {
    const absl::MutexLock lock(&mutex_);
    endings_.push_back(absl::StrCat("revoke ", request->job()));
    return revocation_;
  }

  grpc::Status CommitEmbedding(grpc::ServerContext* /*context*/,
                               const v1::CommitEmbeddingRequest* request,
                               v1::Embedding* embedding) override {
    const absl::MutexLock lock(&mutex_);
    endings_.push_back(absl::StrCat("commit ", request->job()));
    commits_.push_back(*request);
    embedding->set_name("concepts/rex/embeddings/1");
    return commit_;
  }

  grpc::Status CloseImageSet(grpc::ServerContext* /*context*/,
                             const v1::CloseImageSetRequest* request,
                             v1::ImageSet* /*set*/) override {
    const absl::MutexLock lock(&mutex_);
    endings_.push_back(
        absl::StrCat(request->state() == v1::IMAGE_SET_STATE_COMPLETE ? "complete " : "close ",
                     request->name()));
    return closing_;
  }

  // Set how these are answered from now on.
  void AnswerRevocations(grpc::Status status) {
    const absl::MutexLock lock(&mutex_);
    revocation_ = std::move(status);
  }
  void AnswerCommits(grpc::Status status) {
    const absl::MutexLock lock(&mutex_);
    commit_ = std::move(status);
  }
  void AnswerClosings(grpc::Status status) {
    const absl::MutexLock lock(&mutex_);
    closing_ = std::move(status);
  }

  // What it was asked for at the end of jobs, in order: "revoke jobs/a", "commit jobs/a",
  // "complete imageSets/s", "close imageSets/s".
  std::vector<std::string> endings() const {
    const absl::MutexLock lock(&mutex_);
    return endings_;
  }

  // Every embedding that it was given, in order.
  std::vector<v1::CommitEmbeddingRequest> commits() const {
    const absl::MutexLock lock(&mutex_);
    return commits_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<v1::IssueTicketRequest> issued_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::RenewTicketRequest> renewed_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::EndTicketRequest> ended_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> endings_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::CommitEmbeddingRequest> commits_ ABSL_GUARDED_BY(mutex_);
  grpc::Status renewal_ ABSL_GUARDED_BY(mutex_);
  grpc::Status revocation_ ABSL_GUARDED_BY(mutex_);
  grpc::Status commit_ ABSL_GUARDED_BY(mutex_);
  grpc::Status closing_ ABSL_GUARDED_BY(mutex_);
};

// Answers the call that probes whether a registry answers.
class FakeModels : public v1::RegistryService::Service {
 public:
  grpc::Status ListBaseModels(grpc::ServerContext* /*context*/,
                              const v1::ListBaseModelsRequest* /*request*/,
                              v1::ListBaseModelsResponse* /*response*/) override {
    return answer;
  }

  grpc::Status answer;
};

// Keeps the runs that it was given until it is told to stop them, and reports no events of them.
class FakeSampler : public v1::SamplerService::Service {
 public:
  grpc::Status Start(grpc::ServerContext* /*context*/, const v1::StartSamplingRequest* request,
                     v1::StartSamplingResponse* /*response*/) override {
    if (request->items().empty()) return {grpc::StatusCode::INVALID_ARGUMENT, "items: got none"};
    const absl::MutexLock lock(&mutex_);
    begun_.push_back(request->run());
    newest_ = *request;
    runs_.push_back(request->run());
    return grpc::Status::OK;
  }

  grpc::Status Attach(grpc::ServerContext* context, const v1::AttachSamplingRequest* /*request*/,
                      grpc::ServerWriter<v1::RunEvent>* /*writer*/) override {
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
    return grpc::Status::CANCELLED;
  }

  grpc::Status Stop(grpc::ServerContext* /*context*/, const v1::StopSamplingRequest* request,
                    v1::StopSamplingResponse* /*response*/) override {
    const absl::MutexLock lock(&mutex_);
    stopped_.push_back(*request);
    std::erase_if(runs_, [&](const v1::RunKey& run) { return SameRun(run, request->run()); });
    return grpc::Status::OK;
  }

  // Every run that was begun, in order.
  std::vector<v1::RunKey> begun() const {
    const absl::MutexLock lock(&mutex_);
    return begun_;
  }

  // The request that began the newest of them.
  v1::StartSamplingRequest newest() const {
    const absl::MutexLock lock(&mutex_);
    return newest_;
  }

  // Every stop that it was sent, in order.
  std::vector<v1::StopSamplingRequest> stopped() const {
    const absl::MutexLock lock(&mutex_);
    return stopped_;
  }

  // Its heartbeat; it has one slot, and batches of 8.
  v1::NodeStatus Status() const {
    const absl::MutexLock lock(&mutex_);
    v1::NodeStatus status;
    status.set_node("sampler");
    status.set_batch(8);
    v1::Device& device = *status.add_devices();
    device.add_precisions("bf16");
    device.add_precisions("fp32");
    status.set_instance("1");
    status.set_kind(v1::NODE_KIND_SAMPLER);
    status.set_slots(1);
    status.set_free_slots(runs_.empty() ? 1 : 0);
    for (const v1::RunKey& run : runs_) *status.add_runs() = run;
    return status;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<v1::RunKey> begun_ ABSL_GUARDED_BY(mutex_);
  v1::StartSamplingRequest newest_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::RunKey> runs_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::StopSamplingRequest> stopped_ ABSL_GUARDED_BY(mutex_);
};

// Serves some of these services on a loopback port of their own.
class Served {
 public:
  explicit Served(const std::vector<grpc::Service*>& services) {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
  }
  ~Served() { server_->Shutdown(absl::ToChronoTime(absl::Now())); }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  const std::string& address() const { return address_; }

 private:
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace imprint::gateway
