#include "services/registry/registry_api.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "rpc/page.h"
#include "services/registry/download.h"
#include "services/runtime/call.h"

namespace imprint {
namespace {

// A list call: `list` gives a page of resources and the key behind which the next one begins.
template <typename Request, typename Response, typename Field, typename List>
grpc::Status ListPage(grpc::ServerContext& context, const Request& request, const std::string& key,
                      Response& response, Field& field, List&& list) {
  return Answer(context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Page page, ParsePage(request.page_size(), request.page_token(), key));
    std::string next;
    ASSIGN_OR_RETURN(auto resources, list(page, next));
    for (auto& resource : resources) *field.Add() = std::move(resource);
    if (!next.empty()) response.set_next_page_token(MakePageToken(key, next));
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::ReferenceSet> TakeReferenceSet(
    const grpc::ServerContext& context, ReferenceSets& sets,
    grpc::ServerReader<v1::CreateReferenceSetRequest>& reader) {
  std::optional<ReferenceSets::Upload> upload;
  v1::CreateReferenceSetRequest piece;
  while (reader.Read(&piece)) {
    if (piece.has_header()) {
      if (upload) return FieldError("header", "a second one", "one, first of all");
      ASSIGN_OR_RETURN(upload, ReferenceSets::Upload::Begin(sets, piece.header()));
      continue;
    }
    if (!upload) return FieldError("header", "none", "first of all: what the pictures are");
    if (piece.has_picture()) {
      RETURN_IF_ERROR(upload->BeginPicture(piece.picture().file_name()));
    } else {
      RETURN_IF_ERROR(upload->Append(piece.chunk()));
    }
  }
  // A caller who went in the middle looks like one who has sent everything.
  if (context.IsCancelled()) return absl::CancelledError("the upload was cut off");
  if (!upload) return FieldError("header", "none", "first of all: what the pictures are");
  return upload->Finish();
}

}  // namespace

grpc::Status RegistryApi::CreateBaseModel(grpc::ServerContext* context,
                                          const v1::CreateBaseModelRequest* request,
                                          v1::BaseModel* response) {
  return AnswerWith(*context, *response, [&] { return models_.Create(*request); });
}

grpc::Status RegistryApi::GetBaseModel(grpc::ServerContext* context,
                                       const v1::GetBaseModelRequest* request,
                                       v1::BaseModel* response) {
  return AnswerWith(*context, *response, [&] { return models_.Get(request->name()); });
}

grpc::Status RegistryApi::ListBaseModels(grpc::ServerContext* context,
                                         const v1::ListBaseModelsRequest* request,
                                         v1::ListBaseModelsResponse* response) {
  return ListPage(*context, *request, "baseModels", *response, *response->mutable_base_models(),
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
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, uploads_.Enter());
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
  return ListPage(
      *context, *request, "referenceSets", *response, *response->mutable_reference_sets(),
      [&](const Page& page, std::string& next) { return references_.List(page, next); });
}

grpc::Status RegistryApi::DeleteReferenceSet(grpc::ServerContext* context,
                                             const v1::DeleteReferenceSetRequest* request,
                                             google::protobuf::Empty*) {
  return Answer(*context, [&] { return references_.Delete(request->name(), request->etag()); });
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
  return ListPage(*context, *request, "concepts", *response, *response->mutable_concepts(),
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
  return ListPage(*context, *request, absl::StrCat("embeddings of ", request->parent()), *response,
                  *response->mutable_embeddings(), [&](const Page& page, std::string& next) {
                    return embeddings_.List(request->parent(), page, next);
                  });
}

grpc::Status RegistryApi::ImportEmbedding(grpc::ServerContext* context,
                                          const v1::ImportEmbeddingRequest* request,
                                          v1::Embedding* response) {
  return AnswerWith(*context, *response, [&]() -> absl::StatusOr<v1::Embedding> {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, uploads_.Enter());
    return embeddings_.Import(*request);
  });
}

grpc::Status RegistryApi::DownloadEmbedding(grpc::ServerContext* context,
                                            const v1::DownloadEmbeddingRequest* request,
                                            grpc::ServerWriter<v1::DownloadChunk>* writer) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const v1::Embedding embedding, embeddings_.Get(request->name()));
    ASSIGN_OR_RETURN(const std::string content, embeddings_.Content(embedding));
    return SendFile(content, embedding.sha256(), *writer);
  });
}

grpc::Status RegistryApi::SetAlias(grpc::ServerContext* context, const v1::SetAliasRequest* request,
                                   v1::Alias* response) {
  return AnswerWith(*context, *response, [&] { return concepts_.SetAlias(request->alias()); });
}

grpc::Status RegistryApi::ListAliases(grpc::ServerContext* context,
                                      const v1::ListAliasesRequest* request,
                                      v1::ListAliasesResponse* response) {
  return ListPage(*context, *request, absl::StrCat("aliases of ", request->parent()), *response,
                  *response->mutable_aliases(), [&](const Page& page, std::string& next) {
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
  return ListPage(
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
  return AnswerWith(*context, *response, [&] { return image_sets_.GetItem(request->name()); });
}

grpc::Status RegistryApi::ListItems(grpc::ServerContext* context,
                                    const v1::ListItemsRequest* request,
                                    v1::ListItemsResponse* response) {
  return ListPage(*context, *request, absl::StrCat("items of ", request->parent()), *response,
                  *response->mutable_items(), [&](const Page& page, std::string& next) {
                    return image_sets_.ListItems(request->parent(), page, next);
                  });
}

grpc::Status RegistryApi::DownloadItem(grpc::ServerContext* context,
                                       const v1::DownloadItemRequest* request,
                                       grpc::ServerWriter<v1::DownloadChunk>* writer) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const v1::Item item, image_sets_.GetItem(request->name()));
    ASSIGN_OR_RETURN(const std::string content, image_sets_.Content(item));
    return SendFile(content, item.sha256(), *writer);
  });
}

}  // namespace imprint
