// Implements RegistryService by passing each call to the class that is responsible.
#pragma once

#include <imprint/v1/registry.grpc.pb.h>

#include "services/registry/base_models.h"
#include "services/registry/concepts.h"
#include "services/registry/embeddings.h"
#include "services/registry/image_sets.h"
#include "services/registry/items.h"
#include "services/registry/reference_sets.h"
#include "services/server/metrics.h"
#include "services/server/model_roots.h"
#include "services/server/turnstile.h"

namespace imprint::registry {

// Thread-safe.
class RegistryApi : public v1::RegistryService::Service {
 public:
  RegistryApi(BaseModels& models, const ModelRoots& roots, ReferenceSets& references,
              Concepts& concepts, Embeddings& embeddings, ImageSets& image_sets, Items& items,
              int max_uploads, Metrics& metrics)
      : models_(models),
        roots_(roots),
        references_(references),
        concepts_(concepts),
        embeddings_(embeddings),
        image_sets_(image_sets),
        items_(items),
        uploads_("uploads", max_uploads, max_uploads),
        downloads_("downloads", kMostDownloads, kMostDownloads) {
    uploads_.Show(metrics);
    downloads_.Show(metrics);
  }

  grpc::Status CreateBaseModel(grpc::ServerContext* context,
                               const v1::CreateBaseModelRequest* request,
                               v1::BaseModel* response) override;
  grpc::Status GetBaseModel(grpc::ServerContext* context, const v1::GetBaseModelRequest* request,
                            v1::BaseModel* response) override;
  grpc::Status ListBaseModels(grpc::ServerContext* context,
                              const v1::ListBaseModelsRequest* request,
                              v1::ListBaseModelsResponse* response) override;
  grpc::Status DeleteBaseModel(grpc::ServerContext* context,
                               const v1::DeleteBaseModelRequest* request,
                               google::protobuf::Empty* response) override;
  grpc::Status CreateReferenceSet(grpc::ServerContext* context,
                                  grpc::ServerReader<v1::CreateReferenceSetRequest>* reader,
                                  v1::ReferenceSet* response) override;
  grpc::Status GetReferenceSet(grpc::ServerContext* context,
                               const v1::GetReferenceSetRequest* request,
                               v1::ReferenceSet* response) override;
  grpc::Status ListReferenceSets(grpc::ServerContext* context,
                                 const v1::ListReferenceSetsRequest* request,
                                 v1::ListReferenceSetsResponse* response) override;
  grpc::Status DeleteReferenceSet(grpc::ServerContext* context,
                                  const v1::DeleteReferenceSetRequest* request,
                                  v1::DeleteReferenceSetResponse* response) override;
  grpc::Status CreateConcept(grpc::ServerContext* context, const v1::CreateConceptRequest* request,
                             v1::Concept* response) override;
  grpc::Status GetConcept(grpc::ServerContext* context, const v1::GetConceptRequest* request,
                          v1::Concept* response) override;
  grpc::Status ListConcepts(grpc::ServerContext* context, const v1::ListConceptsRequest* request,
                            v1::ListConceptsResponse* response) override;
  grpc::Status UpdateConcept(grpc::ServerContext* context, const v1::UpdateConceptRequest* request,
                             v1::Concept* response) override;
  grpc::Status DeleteConcept(grpc::ServerContext* context, const v1::DeleteConceptRequest* request,
                             google::protobuf::Empty* response) override;
  grpc::Status GetEmbedding(grpc::ServerContext* context, const v1::GetEmbeddingRequest* request,
                            v1::Embedding* response) override;
  grpc::Status ListEmbeddings(grpc::ServerContext* context,
                              const v1::ListEmbeddingsRequest* request,
                              v1::ListEmbeddingsResponse* response) override;
  grpc::Status ImportEmbedding(grpc::ServerContext* context,
                               const v1::ImportEmbeddingRequest* request,
                               v1::Embedding* response) override;
  grpc::Status DownloadEmbedding(grpc::ServerContext* context,
                                 const v1::DownloadEmbeddingRequest* request,
                                 grpc::ServerWriter<v1::DownloadChunk>* writer) override;
  grpc::Status BlockEmbedding(grpc::ServerContext* context,
                              const v1::BlockEmbeddingRequest* request,
                              v1::Embedding* response) override;
  grpc::Status UnblockEmbedding(grpc::ServerContext* context,
                                const v1::UnblockEmbeddingRequest* request,
                                v1::Embedding* response) override;
  grpc::Status DeleteEmbedding(grpc::ServerContext* context,
                               const v1::DeleteEmbeddingRequest* request,
                               v1::DeleteEmbeddingResponse* response) override;
  grpc::Status SetAlias(grpc::ServerContext* context, const v1::SetAliasRequest* request,
                        v1::Alias* response) override;
  grpc::Status ListAliases(grpc::ServerContext* context, const v1::ListAliasesRequest* request,
                           v1::ListAliasesResponse* response) override;
  grpc::Status DeleteAlias(grpc::ServerContext* context, const v1::DeleteAliasRequest* request,
                           google::protobuf::Empty* response) override;
  grpc::Status GetImageSet(grpc::ServerContext* context, const v1::GetImageSetRequest* request,
                           v1::ImageSet* response) override;
  grpc::Status ListImageSets(grpc::ServerContext* context, const v1::ListImageSetsRequest* request,
                             v1::ListImageSetsResponse* response) override;
  grpc::Status DeleteImageSet(grpc::ServerContext* context,
                              const v1::DeleteImageSetRequest* request,
                              google::protobuf::Empty* response) override;
  grpc::Status GetItem(grpc::ServerContext* context, const v1::GetItemRequest* request,
                       v1::Item* response) override;
  grpc::Status ListItems(grpc::ServerContext* context, const v1::ListItemsRequest* request,
                         v1::ListItemsResponse* response) override;
  grpc::Status DownloadItem(grpc::ServerContext* context, const v1::DownloadItemRequest* request,
                            grpc::ServerWriter<v1::DownloadChunk>* writer) override;

 private:
  static constexpr int kMostDownloads = 128;

  BaseModels& models_;
  const ModelRoots& roots_;
  ReferenceSets& references_;
  Concepts& concepts_;
  Embeddings& embeddings_;
  ImageSets& image_sets_;
  Items& items_;
  // Most calls come through the gateway, which makes sure that no caller takes all places.
  Turnstile uploads_;
  Turnstile downloads_;
};

}  // namespace imprint::registry
