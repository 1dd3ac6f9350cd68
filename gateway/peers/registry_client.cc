#include "gateway/peers/registry_client.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "base/field_error.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "rpc/status.h"
#include "rpc/unary.h"

namespace imprint::gateway {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr absl::Duration kProbeTimeout = absl::Seconds(2);
// The dispatcher, the finisher and every explanation ask; one answer does for all of them.
constexpr absl::Duration kSeenFor = absl::Seconds(1);

}  // namespace

absl::Status FromRegistry(const grpc::Status& status) {
  absl::Status result = FromGrpc(status);
  // UNAVAILABLE with a reason is an answer of the registry's own.
  if (!absl::IsUnavailable(result) || !ReasonOf(result).empty()) return result;
  return WithReason(absl::UnavailableError("the registry cannot be reached"),
                    "REGISTRY_UNAVAILABLE");
}

RegistryClient::RegistryClient(const std::shared_ptr<grpc::Channel>& channel)
    : channel_(channel),
      registry_(v1::RegistryService::NewStub(channel)),
      transfer_(v1::TransferService::NewStub(channel)),
      terms_{.timeout = kTimeout, .connect_first = channel.get()} {}

RegistryClient RegistryClient::For(const grpc::ServerContext& context) const {
  RegistryClient client = *this;
  client.terms_ = terms_.For(context);
  return client;
}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> RegistryClient::Call(
    Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    const Request& request) {
  ClientCall call(terms_);
  Response response;
  RETURN_IF_ERROR(FromRegistry((stub.*method)(&call.context(), request, &response)));
  return response;
}

absl::Status RegistryClient::Ready() {
  if (channel_->GetState(/*try_to_connect=*/true) != GRPC_CHANNEL_READY) {
    return absl::UnavailableError("the registry cannot be reached");
  }
  const absl::MutexLock lock(&seen_->mutex);
  if (absl::Now() - seen_->when < kSeenFor) return seen_->what;
  // A page of one fails if the registry's database does. The lock is held meanwhile, so that
  // whoever asks at the same time waits for this answer.
  v1::ListBaseModelsRequest request;
  request.set_page_size(1);
  const auto answer =
      CallUnary(*registry_, &v1::RegistryService::Stub::ListBaseModels, request, kProbeTimeout);
  seen_->when = absl::Now();
  seen_->what = answer.ok() ? absl::OkStatus() : InContext("the registry", answer.status());
  return seen_->what;
}

absl::StatusOr<v1::BaseModel> RegistryClient::GetBaseModel(const std::string& name) {
  v1::GetBaseModelRequest request;
  request.set_name(name);
  return Call(*registry_, &v1::RegistryService::Stub::GetBaseModel, request);
}

absl::StatusOr<v1::ReferenceSet> RegistryClient::GetReferenceSet(const std::string& name) {
  v1::GetReferenceSetRequest request;
  request.set_name(name);
  return Call(*registry_, &v1::RegistryService::Stub::GetReferenceSet, request);
}

absl::StatusOr<v1::Concept> RegistryClient::GetConcept(const std::string& name) {
  v1::GetConceptRequest request;
  request.set_name(name);
  return Call(*registry_, &v1::RegistryService::Stub::GetConcept, request);
}

absl::StatusOr<v1::Embedding> RegistryClient::GetEmbedding(const std::string& name) {
  v1::GetEmbeddingRequest request;
  request.set_name(name);
  return Call(*registry_, &v1::RegistryService::Stub::GetEmbedding, request);
}

absl::StatusOr<v1::CheckTokensResponse> RegistryClient::CheckTokens(
    const std::string& base_model, const std::vector<std::string>& tokens,
    const std::string& concept_name) {
  v1::CheckTokensRequest request;
  request.set_base_model(base_model);
  request.set_concept_name(concept_name);
  request.mutable_tokens()->Assign(tokens.begin(), tokens.end());
  return Call(*transfer_, &v1::TransferService::Stub::CheckTokens, request);
}

absl::StatusOr<std::string> RegistryClient::DownloadEmbedding(const std::string& name) {
  v1::DownloadEmbeddingRequest request;
  request.set_name(name);
  ClientCall call(terms_);
  const auto stream = registry_->DownloadEmbedding(&call.context(), request);
  std::string content;
  std::string sha256;
  v1::DownloadChunk chunk;
  while (stream->Read(&chunk)) {
    if (!chunk.sha256().empty()) sha256 = chunk.sha256();
    content += chunk.data();
  }
  RETURN_IF_ERROR(FromRegistry(stream->Finish()));
  // Another try may bring it whole, hence UNAVAILABLE otherwise.
  if (Sha256Hex(content) == sha256) return content;
  return absl::UnavailableError(absl::StrCat(name, " did not arrive whole"));
}

absl::StatusOr<std::string> RegistryClient::IssueTicket(const v1::IssueTicketRequest& request) {
  ASSIGN_OR_RETURN(const auto response,
                   Call(*transfer_, &v1::TransferService::Stub::IssueTicket, request));
  return response.token();
}

absl::Status RegistryClient::RenewTicket(const v1::RunKey& run, int64_t lifetime_seconds) {
  v1::RenewTicketRequest request;
  *request.mutable_run() = run;
  request.set_lifetime_seconds(lifetime_seconds);
  return Call(*transfer_, &v1::TransferService::Stub::RenewTicket, request).status();
}

absl::Status RegistryClient::EndTicket(const v1::RunKey& run) {
  v1::EndTicketRequest request;
  *request.mutable_run() = run;
  return Call(*transfer_, &v1::TransferService::Stub::EndTicket, request).status();
}

absl::Status RegistryClient::RevokeTickets(const std::string& job) {
  v1::RevokeTicketsRequest request;
  request.set_job(job);
  return Call(*transfer_, &v1::TransferService::Stub::RevokeTickets, request).status();
}

absl::StatusOr<v1::Embedding> RegistryClient::CommitEmbedding(
    const v1::CommitEmbeddingRequest& request) {
  return Call(*transfer_, &v1::TransferService::Stub::CommitEmbedding, request);
}

absl::StatusOr<v1::ImageSet> RegistryClient::CreateImageSet(const v1::Job& job) {
  v1::CreateImageSetRequest request;
  request.set_job(job.name());
  *request.mutable_spec() = job.image_set();
  *request.mutable_labels() = job.labels();
  request.set_items_total(job.items_total());
  return Call(*transfer_, &v1::TransferService::Stub::CreateImageSet, request);
}

absl::StatusOr<v1::ImageSet> RegistryClient::GetImageSet(const std::string& name) {
  v1::GetImageSetRequest request;
  request.set_name(name);
  return Call(*registry_, &v1::RegistryService::Stub::GetImageSet, request);
}

absl::StatusOr<v1::Item> RegistryClient::GetItem(const std::string& name) {
  v1::GetItemRequest request;
  request.set_name(name);
  return Call(*registry_, &v1::RegistryService::Stub::GetItem, request);
}

absl::StatusOr<v1::AdoptItemsResponse> RegistryClient::AdoptItems(
    const v1::AdoptItemsRequest& request) {
  return Call(*transfer_, &v1::TransferService::Stub::AdoptItems, request);
}

absl::Status RegistryClient::CloseImageSet(const std::string& name, v1::ImageSetState state) {
  v1::CloseImageSetRequest request;
  request.set_name(name);
  request.set_state(state);
  return Call(*transfer_, &v1::TransferService::Stub::CloseImageSet, request).status();
}

}  // namespace imprint::gateway
