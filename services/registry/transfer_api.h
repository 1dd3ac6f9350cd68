// Implements TransferService: what running jobs read and add.
#pragma once

#include <imprint/v1/transfer.grpc.pb.h>

#include "services/registry/embeddings.h"
#include "services/registry/image_sets.h"
#include "services/registry/item_adoption.h"
#include "services/registry/items.h"
#include "services/registry/reference_sets.h"
#include "services/registry/tickets.h"
#include "services/registry/token_check.h"
#include "services/server/metrics.h"

namespace imprint::registry {

// Thread-safe.
class TransferApi : public v1::TransferService::Service {
 public:
  TransferApi(Tickets& tickets, TokenCheck& tokens, ReferenceSets& references,
              Embeddings& embeddings, ImageSets& image_sets, Items& items, ItemAdoption& adoption,
              PictureMemory& memory, Metrics& metrics);

  grpc::Status CheckTokens(grpc::ServerContext* context, const v1::CheckTokensRequest* request,
                           v1::CheckTokensResponse* response) override;

  grpc::Status IssueTicket(grpc::ServerContext* context, const v1::IssueTicketRequest* request,
                           v1::IssueTicketResponse* response) override;
  grpc::Status RenewTicket(grpc::ServerContext* context, const v1::RenewTicketRequest* request,
                           v1::RenewTicketResponse* response) override;
  grpc::Status EndTicket(grpc::ServerContext* context, const v1::EndTicketRequest* request,
                         v1::EndTicketResponse* response) override;
  grpc::Status RevokeTickets(grpc::ServerContext* context, const v1::RevokeTicketsRequest* request,
                             v1::RevokeTicketsResponse* response) override;
  grpc::Status GetPreparedPictures(grpc::ServerContext* context,
                                   const v1::GetPreparedPicturesRequest* request,
                                   grpc::ServerWriter<v1::PreparedPicture>* writer) override;
  grpc::Status AdoptItems(grpc::ServerContext* context, const v1::AdoptItemsRequest* request,
                          v1::AdoptItemsResponse* response) override;
  grpc::Status UploadItem(grpc::ServerContext* context,
                          grpc::ServerReader<v1::UploadItemRequest>* reader,
                          v1::Item* response) override;
  grpc::Status CommitEmbedding(grpc::ServerContext* context,
                               const v1::CommitEmbeddingRequest* request,
                               v1::Embedding* response) override;
  grpc::Status CreateImageSet(grpc::ServerContext* context,
                              const v1::CreateImageSetRequest* request,
                              v1::ImageSet* response) override;
  grpc::Status CloseImageSet(grpc::ServerContext* context, const v1::CloseImageSetRequest* request,
                             v1::ImageSet* response) override;

 private:
  absl::Status SendPrepared(grpc::ServerContext& context,
                            const v1::GetPreparedPicturesRequest& request,
                            grpc::ServerWriter<v1::PreparedPicture>& writer);
  absl::StatusOr<v1::Item> TakeItem(grpc::ServerContext& context,
                                    grpc::ServerReader<v1::UploadItemRequest>& reader);

  Tickets& tickets_;
  TokenCheck& tokens_;
  ReferenceSets& references_;
  Embeddings& embeddings_;
  ImageSets& image_sets_;
  Items& items_;
  ItemAdoption& adoption_;
  PictureMemory& memory_;
  prometheus::Counter& items_total_;
  prometheus::Counter& embeddings_total_;
};

}  // namespace imprint::registry
