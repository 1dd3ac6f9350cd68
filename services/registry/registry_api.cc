#include "services/registry/registry_api.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "rpc/page.h"
#include "services/registry/file_pieces.h"
#include "services/server/call.h"
#include "services/server/list_call.h"
#include "services/server/patience.h"

namespace imprint::registry {
namespace {

absl::StatusOr<v1::ReferenceSet> TakeReferenceSet(
    grpc::ServerContext& context, ReferenceSets& sets,
    grpc::ServerReader<v1::CreateReferenceSetRequest>& reader) {
  std::optional<ReferenceSets::Upload> upload;
  v1::CreateReferenceSetRequest piece;
  while (ReadPatiently(context, reader, piece)) {
    if (piece.has_header()) {
      if (upload) return FieldError("header", "a second one", "one, first of all");
      ASSIGN_OR_RETURN(upload, ReferenceSets::Upload::Begin(sets, piece.header()));
      continue;
    }
    if (!upload) return FieldError("header", "none", "first of all: what the pictures are");
    if (piece.has_picture()) {
      RETURN_IF_ERROR(upload->BeginPicture(piece.picture()));
    } else {
      RETURN_IF_ERROR(CheckPiece(piece.chunk()));
      RETURN_IF_ERROR(upload->Append(piece.chunk()));
    }
  }
  // Whether the stream broke is not always known by now: gRPC 1.51 says so a moment later. What
  // came is held against the headers in any case.
  if (context.IsCancelled()) return absl::CancelledError("the upload was cut off");
  if (!upload) return FieldError("header", "none", "first of all: what the pictures are");
  return upload->Finish();
}

}  // namespace

grpc::Status RegistryApi::CreateBaseModel(grpc::ServerContext* context,
                                          const v1::CreateBaseModelRequest* request,
                                          v1::BaseModel* response) {
  return AnswerWith(*context, *response, [&]() -> absl::StatusOr<v1::BaseModel> {
    // Before anything of it is opened.
    RETURN_IF_ERROR(roots_.Check("folder", request->folder()));
    return models_.Create(*request);
  });
}

grpc::Status RegistryApi::GetBaseModel(grpc::ServerContext* context,
                                       const v1::GetBaseModelRequest* request,
                                       v1::BaseModel* response) {
  return AnswerWith(*context, *response, [&] { return models_.Get(request->name()); });
}

grpc::Status RegistryApi::ListBaseModels(grpc::ServerContext* context,
                                         const v1::ListBaseModelsRequest* request,
                                         v1::ListBaseModelsResponse* response) {
  return AnswerWithPage(
      *context, *request, "baseModels", *response, *response->mutable_base_models(),
      [&](const Page& page, std::string& next) { return models_.List(page, next); });
}

grpc::Status RegistryApi::DeleteBaseModel(grpc::ServerContext* context,
                                          const v1::DeleteBaseModelRequest* request,
                                          google::protobuf::Empty*) {
  return Answer(*context, [&] { return models_.Delete(request->name(), request->etag()); });
}

grpc::Status RegistryApi::CreateReferenceSet(
    grpc::ServerContext* context, grpc::ServerReader<v1::CreateReferenceSetRequest>* reader,
    v1::ReferenceSet* response) {
  return AnswerWith(*context, *response, [&]() -> absl::StatusOr<v1::ReferenceSet> {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, uploads_.Enter(PeerOf(*context)));
    return TakeReferenceSet(*context, references_, *reader);
  });
}

grpc::Status RegistryApi::GetReferenceSet(grpc::ServerContext* context,
                                          const v1::GetReferenceSetRequest* request,
                                          v1::ReferenceSet* response) {
  return AnswerWith(*context, *response, [&] { return references_.Get(request->name()); });
}

grpc::Status RegistryApi::ListReferenceSets(grpc::ServerContext* context,
                                            const v1::ListReferenceSetsRequest* request,
                                            v1::ListReferenceSetsResponse* response) {
  return AnswerWithPage(
      *context, *request, "referenceSets", *response, *response->mutable_reference_sets(),
      [&](const Page& page, std::string& next) { return references_.List(page, next); });
}

grpc::Status RegistryApi::DeleteReferenceSet(grpc::ServerContext* context,
                                             const v1::DeleteReferenceSetRequest* request,
                                             v1::DeleteReferenceSetResponse* response) {
  return AnswerWith(*context, *response,
                    [&] { return references_.Delete(request->name(), request->etag()); });
}

grpc::Status RegistryApi::CreateConcept(grpc::ServerContext* context,
                                        const v1::CreateConceptRequest* request,
                                        v1::Concept* response) {
  return AnswerWith(*context, *response, [&] { return concepts_.Create(*request); });
}

grpc::Status RegistryApi::GetConcept(grpc::ServerContext* context,
                                     const v1::GetConceptRequest* request, v1::Concept* response) {
  return AnswerWith(*context, *response, [&] { return concepts_.Get(request->name()); });
}

grpc::Status RegistryApi::ListConcepts(grpc::ServerContext* context,
                                       const v1::ListConceptsRequest* request,
                                       v1::ListConceptsResponse* response) {
  return AnswerWithPage(
      *context, *request, "concepts", *response, *response->mutable_concepts(),
      [&](const Page& page, std::string& next) { return concepts_.List(page, next); });
}

grpc::Status RegistryApi::UpdateConcept(grpc::ServerContext* context,
                                        const v1::UpdateConceptRequest* request,
                                        v1::Concept* response) {
  return AnswerWith(*context, *response, [&] { return concepts_.Update(*request); });
}

grpc::Status RegistryApi::DeleteConcept(grpc::ServerContext* context,
                                        const v1::DeleteConceptRequest* request,
                                        google::protobuf::Empty*) {
  return Answer(*context, [&] { return concepts_.Delete(request->name(), request->etag()); });
}

grpc::Status RegistryApi::GetEmbedding(grpc::ServerContext* context,
                                       const v1::GetEmbeddingRequest* request,
                                       v1::Embedding* response) {
  return AnswerWith(*context, *response, [&] { return embeddings_.Get(request->name()); });
}

grpc::Status RegistryApi::ListEmbeddings(grpc::ServerContext* context,
                                         const v1::ListEmbeddingsRequest* request,
                                         v1::ListEmbeddingsResponse* response) {
  return AnswerWithPage(
      *context, *request,
      absl::StrCat("embeddings of ", request->parent(),
                   request->show_deleted() ? " with deleted" : ""),
      *response, *response->mutable_embeddings(), [&](const Page& page, std::string& next) {
        return embeddings_.List(request->parent(), request->show_deleted(), page, next);
      });
}

grpc::Status RegistryApi::ImportEmbedding(grpc::ServerContext* context,
                                          const v1::ImportEmbeddingRequest* request,
                                          v1::Embedding* response) {
  return AnswerWith(*context, *response, [&]() -> absl::StatusOr<v1::Embedding> {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, uploads_.Enter(PeerOf(*context)));
    return embeddings_.Import(*request);
  });
}

grpc::Status RegistryApi::DownloadEmbedding(grpc::ServerContext* context,
                                            const v1::DownloadEmbeddingRequest* request,
                                            grpc::ServerWriter<v1::DownloadChunk>* writer) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, downloads_.Enter(PeerOf(*context)));
    ASSIGN_OR_RETURN(const v1::Embedding embedding, embeddings_.Get(request->name()));
    ASSIGN_OR_RETURN(const Blob content, embeddings_.Content(embedding));
    return SendFile(content.text(), embedding.sha256(), *context, *writer);
  });
}

grpc::Status RegistryApi::BlockEmbedding(grpc::ServerContext* context,
                                         const v1::BlockEmbeddingRequest* request,
                                         v1::Embedding* response) {
  return AnswerWith(*context, *response, [&] { return embeddings_.Block(*request); });
}

grpc::Status RegistryApi::UnblockEmbedding(grpc::ServerContext* context,
                                           const v1::UnblockEmbeddingRequest* request,
                                           v1::Embedding* response) {
  return AnswerWith(*context, *response, [&] { return embeddings_.Unblock(*request); });
}

grpc::Status RegistryApi::DeleteEmbedding(grpc::ServerContext* context,
                                          const v1::DeleteEmbeddingRequest* request,
                                          v1::DeleteEmbeddingResponse* response) {
  return AnswerWith(*context, *response, [&] { return embeddings_.Delete(*request); });
}

grpc::Status RegistryApi::SetAlias(grpc::ServerContext* context, const v1::SetAliasRequest* request,
                                   v1::Alias* response) {
  return AnswerWith(*context, *response, [&] { return concepts_.SetAlias(request->alias()); });
}

grpc::Status RegistryApi::ListAliases(grpc::ServerContext* context,
                                      const v1::ListAliasesRequest* request,
                                      v1::ListAliasesResponse* response) {
  return AnswerWithPage(*context, *request, absl::StrCat("aliases of ", request->parent()),
                        *response, *response->mutable_aliases(),
                        [&](const Page& page, std::string& next) {
                          return concepts_.ListAliases(request->parent(), page, next);
                        });
}

grpc::Status RegistryApi::DeleteAlias(grpc::ServerContext* context,
                                      const v1::DeleteAliasRequest* request,
                                      google::protobuf::Empty*) {
  return Answer(*context, [&] { return concepts_.DeleteAlias(request->name(), request->etag()); });
}

grpc::Status RegistryApi::GetImageSet(grpc::ServerContext* context,
                                      const v1::GetImageSetRequest* request,
                                      v1::ImageSet* response) {
  return AnswerWith(*context, *response, [&] { return image_sets_.Get(request->name()); });
}

grpc::Status RegistryApi::ListImageSets(grpc::ServerContext* context,
                                        const v1::ListImageSetsRequest* request,
                                        v1::ListImageSetsResponse* response) {
  return AnswerWithPage(
      *context, *request, "imageSets", *response, *response->mutable_image_sets(),
      [&](const Page& page, std::string& next) { return image_sets_.List(page, next); });
}

grpc::Status RegistryApi::DeleteImageSet(grpc::ServerContext* context,
                                         const v1::DeleteImageSetRequest* request,
                                         google::protobuf::Empty*) {
  return Answer(*context, [&] { return image_sets_.Delete(request->name(), request->etag()); });
}

grpc::Status RegistryApi::GetItem(grpc::ServerContext* context, const v1::GetItemRequest* request,
                                  v1::Item* response) {
  return AnswerWith(*context, *response, [&] {
    return request->key().empty() ? items_.Get(request->name())
                                  : items_.Get(request->parent(), request->key());
  });
}

grpc::Status RegistryApi::ListItems(grpc::ServerContext* context,
                                    const v1::ListItemsRequest* request,
                                    v1::ListItemsResponse* response) {
  return AnswerWithPage(*context, *request, absl::StrCat("items of ", request->parent()), *response,
                        *response->mutable_items(), [&](const Page& page, std::string& next) {
                          return items_.List(request->parent(), page, next);
                        });
}

grpc::Status RegistryApi::DownloadItem(grpc::ServerContext* context,
                                       const v1::DownloadItemRequest* request,
                                       grpc::ServerWriter<v1::DownloadChunk>* writer) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, downloads_.Enter(PeerOf(*context)));
    ASSIGN_OR_RETURN(const v1::Item item, items_.Get(request->name()));
    ASSIGN_OR_RETURN(const Blob content, items_.Content(item));
    return SendFile(content.text(), item.sha256(), *context, *writer);
  });
}

}  // namespace imprint::registry
