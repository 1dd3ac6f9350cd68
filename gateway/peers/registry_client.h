// The gateway's client of the registry.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <imprint/v1/job.pb.h>
#include <imprint/v1/registry.grpc.pb.h>
#include <imprint/v1/transfer.grpc.pb.h>

#include "rpc/client_call.h"

namespace imprint::gateway {

// Thread-safe; copies share the channel. Calls return UNAVAILABLE, with the reason
// REGISTRY_UNAVAILABLE, if the registry cannot be reached, and DEADLINE_EXCEEDED if it does not
// answer in time.
class RegistryClient {
 public:
  explicit RegistryClient(const std::shared_ptr<grpc::Channel>& channel);

  // Returns a client that acts on behalf of a call: within its deadline and as part of its trace.
  RegistryClient For(const grpc::ServerContext& context) const;

  // Returns OK if the registry answers, as observed within the last second; otherwise why no work
  // can begin or end with it. Connects if there is no connection. Takes at most 2 seconds.
  absl::Status Ready();

  absl::StatusOr<v1::BaseModel> GetBaseModel(const std::string& name);
  absl::StatusOr<v1::ReferenceSet> GetReferenceSet(const std::string& name);
  absl::StatusOr<v1::Concept> GetConcept(const std::string& name);
  absl::StatusOr<v1::Embedding> GetEmbedding(const std::string& name);
  // Checks tokens. `concept_name` is a concept that may have them; empty means none.
  absl::StatusOr<v1::CheckTokensResponse> CheckTokens(const std::string& base_model,
                                                      const std::vector<std::string>& tokens,
                                                      const std::string& concept_name);
  // Returns the version's file.
  absl::StatusOr<std::string> DownloadEmbedding(const std::string& name);

  absl::StatusOr<std::string> IssueTicket(const v1::IssueTicketRequest& request);
  absl::Status RenewTicket(const v1::RunKey& run, int64_t lifetime_seconds);
  absl::Status EndTicket(const v1::RunKey& run);
  absl::Status RevokeTickets(const std::string& job);
  absl::StatusOr<v1::Embedding> CommitEmbedding(const v1::CommitEmbeddingRequest& request);
  // Creates the image set of a job that draws one.
  absl::StatusOr<v1::ImageSet> CreateImageSet(const v1::Job& job);
  absl::StatusOr<v1::ImageSet> GetImageSet(const std::string& name);
  absl::StatusOr<v1::Item> GetItem(const std::string& name);
  // Takes over what the set that this one extends has already; the result's items need not be
  // drawn.
  absl::StatusOr<v1::AdoptItemsResponse> AdoptItems(const v1::AdoptItemsRequest& request);
  absl::Status CloseImageSet(const std::string& name, v1::ImageSetState state);

 private:
  // The last result of Ready, by any of the copies.
  struct Seen {
    absl::Mutex mutex;
    absl::Time when ABSL_GUARDED_BY(mutex) = absl::InfinitePast();
    absl::Status what ABSL_GUARDED_BY(mutex);
  };

  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request);
  std::shared_ptr<v1::RegistryService::Stub> registry_;
  std::shared_ptr<v1::TransferService::Stub> transfer_;
  CallTerms terms_;
};

// Maps the registry's answer, or the lack of one; a caller is told which server it was.
absl::Status FromRegistry(const grpc::Status& status);

}  // namespace imprint::gateway
