#include "gateway/api/registry_proxy.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "gateway/api/caller.h"
#include "gateway/peers/registry_client.h"
#include "rpc/channel.h"
#include "rpc/resource_name.h"
#include "rpc/status.h"
#include "services/server/call.h"
#include "services/server/patience.h"

namespace imprint::gateway {
namespace {

constexpr int kMostUploads = 32;
constexpr int kMostDownloads = 64;
// No call is passed on for longer than this, whatever its caller's deadline.
constexpr std::chrono::minutes kLongest(10);
constexpr std::chrono::hours kLongestUpload(2);

void Prepare(grpc::Channel& channel, const grpc::ServerContext& context,
             grpc::ClientContext& client, std::chrono::seconds longest = kLongest) {
  AwaitConnection(channel);
  client.set_deadline(std::min(context.deadline(), std::chrono::system_clock::now() + longest));
  const auto trace = context.client_metadata().find("traceparent");
  if (trace != context.client_metadata().end()) {
    client.AddMetadata("traceparent", std::string(trace->second.data(), trace->second.size()));
  }
}

template <typename Call>
grpc::Status Forward(grpc::Channel& channel, grpc::ServerContext& context, Call&& call) {
  return Answer(context, [&] {
    grpc::ClientContext client;
    Prepare(channel, context, client);
    return FromRegistry(call(&client));
  });
}

// No piece of an upload is larger than this: the registry says so of those that come to it.
constexpr size_t kMostPieceBytes = (1 << 20) + (64 << 10);

// Pieces of an upload as they come; what the registry says first, the caller hears.
template <typename Piece, typename Open>
absl::Status ForwardUpload(grpc::Channel& channel, grpc::ServerContext& context,
                           grpc::ServerReader<Piece>& reader, Open&& open) {
  grpc::ClientContext client;
  Prepare(channel, context, client, kLongestUpload);
  const auto writer = open(&client);
  Piece piece;
  while (ReadPatiently(context, reader, piece)) {
    if (piece.ByteSizeLong() > kMostPieceBytes) {
      client.TryCancel();
      (void)writer->Finish();
      return FieldError("chunk", absl::StrCat(piece.ByteSizeLong(), " bytes"),
                        "at most 1048576 in a piece");
    }
    if (!writer->Write(piece)) return FromRegistry(writer->Finish());
  }
  if (context.IsCancelled()) {
    // The caller has gone in the middle: the registry need not look at what came.
    client.TryCancel();
  } else {
    writer->WritesDone();
  }
  return FromRegistry(writer->Finish());
}

template <typename Piece, typename Open>
absl::Status ForwardDownload(grpc::Channel& channel, grpc::ServerContext& context,
                             grpc::ServerWriter<Piece>& writer, Open&& open) {
  grpc::ClientContext client;
  Prepare(channel, context, client);
  const auto reader = open(&client);
  Piece piece;
  while (reader->Read(&piece)) {
    if (!WritePatiently(context, writer, piece)) {
      client.TryCancel();
      break;
    }
  }
  return FromRegistry(reader->Finish());
}

}  // namespace

RegistryProxy::RegistryProxy(const std::shared_ptr<grpc::Channel>& channel, JobStore& jobs,
                             Metrics& metrics)
    : channel_(channel),
      stub_(v1::RegistryService::NewStub(channel)),
      jobs_(jobs),
      uploads_("uploads", kMostUploads, kMostUploads / 2),
      downloads_("downloads", kMostDownloads, kMostDownloads / 2) {
  uploads_.Show(metrics);
  downloads_.Show(metrics);
}

grpc::Status RegistryProxy::CreateBaseModel(grpc::ServerContext* context,
                                            const v1::CreateBaseModelRequest* request,
                                            v1::BaseModel* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->CreateBaseModel(client, *request, response);
  });
}

grpc::Status RegistryProxy::GetBaseModel(grpc::ServerContext* context,
                                         const v1::GetBaseModelRequest* request,
                                         v1::BaseModel* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->GetBaseModel(client, *request, response);
  });
}

grpc::Status RegistryProxy::ListBaseModels(grpc::ServerContext* context,
                                           const v1::ListBaseModelsRequest* request,
                                           v1::ListBaseModelsResponse* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->ListBaseModels(client, *request, response);
  });
}

grpc::Status RegistryProxy::DeleteBaseModel(grpc::ServerContext* context,
                                            const v1::DeleteBaseModelRequest* request,
                                            google::protobuf::Empty* response) {
  return Answer(*context, [&]() -> absl::Status {
    RETURN_IF_ERROR(ParseResourceId("name", request->name(), "baseModels").status());
    RETURN_IF_ERROR(jobs_.CheckUnused(kTenant, request->name()));
    return FromGrpc(Forward(*channel_, *context, [&](grpc::ClientContext* client) {
      return stub_->DeleteBaseModel(client, *request, response);
    }));
  });
}

grpc::Status RegistryProxy::CreateReferenceSet(
    grpc::ServerContext* context, grpc::ServerReader<v1::CreateReferenceSetRequest>* reader,
    v1::ReferenceSet* response) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, uploads_.Enter(PeerOf(*context)));
    return ForwardUpload<v1::CreateReferenceSetRequest>(
        *channel_, *context, *reader,
        [&](grpc::ClientContext* client) { return stub_->CreateReferenceSet(client, response); });
  });
}

grpc::Status RegistryProxy::GetReferenceSet(grpc::ServerContext* context,
                                            const v1::GetReferenceSetRequest* request,
                                            v1::ReferenceSet* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->GetReferenceSet(client, *request, response);
  });
}

grpc::Status RegistryProxy::ListReferenceSets(grpc::ServerContext* context,
                                              const v1::ListReferenceSetsRequest* request,
                                              v1::ListReferenceSetsResponse* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->ListReferenceSets(client, *request, response);
  });
}

grpc::Status RegistryProxy::DeleteReferenceSet(grpc::ServerContext* context,
                                               const v1::DeleteReferenceSetRequest* request,
                                               v1::DeleteReferenceSetResponse* response) {
  return Answer(*context, [&]() -> absl::Status {
    RETURN_IF_ERROR(ParseResourceId("name", request->name(), "referenceSets").status());
    RETURN_IF_ERROR(jobs_.CheckUnused(kTenant, request->name()));
    return FromGrpc(Forward(*channel_, *context, [&](grpc::ClientContext* client) {
      return stub_->DeleteReferenceSet(client, *request, response);
    }));
  });
}

grpc::Status RegistryProxy::CreateConcept(grpc::ServerContext* context,
                                          const v1::CreateConceptRequest* request,
                                          v1::Concept* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->CreateConcept(client, *request, response);
  });
}

grpc::Status RegistryProxy::GetConcept(grpc::ServerContext* context,
                                       const v1::GetConceptRequest* request,
                                       v1::Concept* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->GetConcept(client, *request, response);
  });
}

grpc::Status RegistryProxy::ListConcepts(grpc::ServerContext* context,
                                         const v1::ListConceptsRequest* request,
                                         v1::ListConceptsResponse* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->ListConcepts(client, *request, response);
  });
}

grpc::Status RegistryProxy::UpdateConcept(grpc::ServerContext* context,
                                          const v1::UpdateConceptRequest* request,
                                          v1::Concept* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->UpdateConcept(client, *request, response);
  });
}

grpc::Status RegistryProxy::DeleteConcept(grpc::ServerContext* context,
                                          const v1::DeleteConceptRequest* request,
                                          google::protobuf::Empty* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->DeleteConcept(client, *request, response);
  });
}

grpc::Status RegistryProxy::GetEmbedding(grpc::ServerContext* context,
                                         const v1::GetEmbeddingRequest* request,
                                         v1::Embedding* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->GetEmbedding(client, *request, response);
  });
}

grpc::Status RegistryProxy::ListEmbeddings(grpc::ServerContext* context,
                                           const v1::ListEmbeddingsRequest* request,
                                           v1::ListEmbeddingsResponse* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->ListEmbeddings(client, *request, response);
  });
}

grpc::Status RegistryProxy::ImportEmbedding(grpc::ServerContext* context,
                                            const v1::ImportEmbeddingRequest* request,
                                            v1::Embedding* response) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, uploads_.Enter(PeerOf(*context)));
    return FromGrpc(Forward(*channel_, *context, [&](grpc::ClientContext* client) {
      return stub_->ImportEmbedding(client, *request, response);
    }));
  });
}

grpc::Status RegistryProxy::DownloadEmbedding(grpc::ServerContext* context,
                                              const v1::DownloadEmbeddingRequest* request,
                                              grpc::ServerWriter<v1::DownloadChunk>* writer) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, downloads_.Enter(PeerOf(*context)));
    return ForwardDownload<v1::DownloadChunk>(
        *channel_, *context, *writer,
        [&](grpc::ClientContext* client) { return stub_->DownloadEmbedding(client, *request); });
  });
}

grpc::Status RegistryProxy::BlockEmbedding(grpc::ServerContext* context,
                                           const v1::BlockEmbeddingRequest* request,
                                           v1::Embedding* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->BlockEmbedding(client, *request, response);
  });
}

grpc::Status RegistryProxy::UnblockEmbedding(grpc::ServerContext* context,
                                             const v1::UnblockEmbeddingRequest* request,
                                             v1::Embedding* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->UnblockEmbedding(client, *request, response);
  });
}

grpc::Status RegistryProxy::DeleteEmbedding(grpc::ServerContext* context,
                                            const v1::DeleteEmbeddingRequest* request,
                                            v1::DeleteEmbeddingResponse* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->DeleteEmbedding(client, *request, response);
  });
}

grpc::Status RegistryProxy::SetAlias(grpc::ServerContext* context,
                                     const v1::SetAliasRequest* request, v1::Alias* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->SetAlias(client, *request, response);
  });
}

grpc::Status RegistryProxy::ListAliases(grpc::ServerContext* context,
                                        const v1::ListAliasesRequest* request,
                                        v1::ListAliasesResponse* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->ListAliases(client, *request, response);
  });
}

grpc::Status RegistryProxy::DeleteAlias(grpc::ServerContext* context,
                                        const v1::DeleteAliasRequest* request,
                                        google::protobuf::Empty* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->DeleteAlias(client, *request, response);
  });
}

grpc::Status RegistryProxy::GetImageSet(grpc::ServerContext* context,
                                        const v1::GetImageSetRequest* request,
                                        v1::ImageSet* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->GetImageSet(client, *request, response);
  });
}

grpc::Status RegistryProxy::ListImageSets(grpc::ServerContext* context,
                                          const v1::ListImageSetsRequest* request,
                                          v1::ListImageSetsResponse* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->ListImageSets(client, *request, response);
  });
}

grpc::Status RegistryProxy::DeleteImageSet(grpc::ServerContext* context,
                                           const v1::DeleteImageSetRequest* request,
                                           google::protobuf::Empty* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->DeleteImageSet(client, *request, response);
  });
}

grpc::Status RegistryProxy::GetItem(grpc::ServerContext* context, const v1::GetItemRequest* request,
                                    v1::Item* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->GetItem(client, *request, response);
  });
}

grpc::Status RegistryProxy::ListItems(grpc::ServerContext* context,
                                      const v1::ListItemsRequest* request,
                                      v1::ListItemsResponse* response) {
  return Forward(*channel_, *context, [&](grpc::ClientContext* client) {
    return stub_->ListItems(client, *request, response);
  });
}

grpc::Status RegistryProxy::DownloadItem(grpc::ServerContext* context,
                                         const v1::DownloadItemRequest* request,
                                         grpc::ServerWriter<v1::DownloadChunk>* writer) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, downloads_.Enter(PeerOf(*context)));
    return ForwardDownload<v1::DownloadChunk>(
        *channel_, *context, *writer,
        [&](grpc::ClientContext* client) { return stub_->DownloadItem(client, *request); });
  });
}

}  // namespace imprint::gateway
