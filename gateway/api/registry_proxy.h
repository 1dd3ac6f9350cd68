// Implements RegistryService by forwarding: every call goes on to the registry with its deadline
// and its trace, and every answer comes back unchanged. Only deletions of what a live job uses are
// refused.
#pragma once

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include <grpcpp/channel.h>
#include <imprint/v1/registry.grpc.pb.h>

#include "gateway/jobs/job_store.h"
#include "services/server/metrics.h"
#include "services/server/turnstile.h"

namespace imprint::gateway {

// Thread-safe.
class RegistryProxy : public v1::RegistryService::Service {
 public:
  RegistryProxy(const std::shared_ptr<grpc::Channel>& channel, JobStore& jobs, Metrics& metrics);

// One line an RPC. FORWARD passes a call on; FORWARD_UNUSED does unless a live job uses the
// resource of that collection which the request names; FORWARD_UPLOAD while not too many are coming
// in.
#define FORWARD_BY(Forward, Rpc, Request, Response, ...)                                         \
  grpc::Status Rpc(grpc::ServerContext* context, const v1::Request* request, Response* response) \
      override {                                                                                 \
    return Forward(*context, [&](grpc::ClientContext& client) {                                  \
      return stub_->Rpc(&client, *request, response);                                            \
    } __VA_OPT__(, ) __VA_ARGS__);                                                               \
  }
#define FORWARD(Rpc, Response) FORWARD_BY(Forward, Rpc, Rpc##Request, Response)
#define FORWARD_UNUSED(Rpc, Response, collection) \
  FORWARD_BY(ForwardUnused, Rpc, Rpc##Request, Response, request->name(), collection)
#define FORWARD_UPLOAD(Rpc, Response) FORWARD_BY(ForwardUpload, Rpc, Rpc##Request, Response)

  FORWARD(CreateBaseModel, v1::BaseModel)
  FORWARD(GetBaseModel, v1::BaseModel)
  FORWARD(ListBaseModels, v1::ListBaseModelsResponse)
  FORWARD_UNUSED(DeleteBaseModel, google::protobuf::Empty, "baseModels")
  FORWARD(GetReferenceSet, v1::ReferenceSet)
  FORWARD(ListReferenceSets, v1::ListReferenceSetsResponse)
  FORWARD_UNUSED(DeleteReferenceSet, v1::DeleteReferenceSetResponse, "referenceSets")
  FORWARD(CreateConcept, v1::Concept)
  FORWARD(GetConcept, v1::Concept)
  FORWARD(ListConcepts, v1::ListConceptsResponse)
  FORWARD(UpdateConcept, v1::Concept)
  FORWARD(DeleteConcept, google::protobuf::Empty)
  FORWARD(GetEmbedding, v1::Embedding)
  FORWARD(ListEmbeddings, v1::ListEmbeddingsResponse)
  FORWARD_UPLOAD(ImportEmbedding, v1::Embedding)
  FORWARD(BlockEmbedding, v1::Embedding)
  FORWARD(UnblockEmbedding, v1::Embedding)
  FORWARD(DeleteEmbedding, v1::DeleteEmbeddingResponse)
  FORWARD(SetAlias, v1::Alias)
  FORWARD(ListAliases, v1::ListAliasesResponse)
  FORWARD(DeleteAlias, google::protobuf::Empty)
  FORWARD(GetImageSet, v1::ImageSet)
  FORWARD(ListImageSets, v1::ListImageSetsResponse)
  FORWARD(DeleteImageSet, google::protobuf::Empty)
  FORWARD(GetItem, v1::Item)
  FORWARD(ListItems, v1::ListItemsResponse)

#undef FORWARD
#undef FORWARD_UNUSED
#undef FORWARD_UPLOAD
#undef FORWARD_BY

  grpc::Status CreateReferenceSet(grpc::ServerContext* context,
                                  grpc::ServerReader<v1::CreateReferenceSetRequest>* reader,
                                  v1::ReferenceSet* response) override;
  grpc::Status DownloadEmbedding(grpc::ServerContext* context,
                                 const v1::DownloadEmbeddingRequest* request,
                                 grpc::ServerWriter<v1::DownloadChunk>* writer) override;
  grpc::Status DownloadItem(grpc::ServerContext* context, const v1::DownloadItemRequest* request,
                            grpc::ServerWriter<v1::DownloadChunk>* writer) override;

 private:
  using Call = absl::FunctionRef<grpc::Status(grpc::ClientContext&)>;

  grpc::Status Forward(grpc::ServerContext& context, Call call);
  grpc::Status ForwardUnused(grpc::ServerContext& context, Call call, const std::string& name,
                             absl::string_view collection);
  grpc::Status ForwardUpload(grpc::ServerContext& context, Call call);

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RegistryService::Stub> stub_;
  JobStore& jobs_;
  Turnstile uploads_;
  Turnstile downloads_;
};

}  // namespace imprint::gateway
