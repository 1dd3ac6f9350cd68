#include "services/registry/transfer_api.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "imaging/fit.h"
#include "orders/training_recipe.h"
#include "orders/wire/training_wire.h"
#include "rpc/channel.h"
#include "services/registry/file_pieces.h"
#include "services/server/call.h"
#include "services/server/patience.h"

namespace imprint::registry {
namespace {

// A picture's pixels go in one message.
static_assert(3 * kMaxTrainingSide * kMaxTrainingSide < kMaxMessageBytes);

}  // namespace

TransferApi::TransferApi(Tickets& tickets, TokenCheck& tokens, ReferenceSets& references,
                         Embeddings& embeddings, ImageSets& image_sets, Items& items,
                         ItemAdoption& adoption, PictureMemory& memory, Metrics& metrics)
    : tickets_(tickets),
      tokens_(tokens),
      references_(references),
      embeddings_(embeddings),
      image_sets_(image_sets),
      items_(items),
      adoption_(adoption),
      memory_(memory),
      items_total_(metrics.Counter("imprint_registry_items_total", "Items that were committed.")),
      embeddings_total_(metrics.Counter("imprint_registry_embeddings_total",
                                        "Embeddings that jobs committed.")) {}

grpc::Status TransferApi::CheckTokens(grpc::ServerContext* context,
                                      const v1::CheckTokensRequest* request,
                                      v1::CheckTokensResponse* response) {
  return AnswerWith(*context, *response, [&] { return tokens_.Check(*request); });
}

grpc::Status TransferApi::IssueTicket(grpc::ServerContext* context,
                                      const v1::IssueTicketRequest* request,
                                      v1::IssueTicketResponse* response) {
  return AnswerWith(*context, *response, [&] { return tickets_.Issue(*request); });
}

grpc::Status TransferApi::RenewTicket(grpc::ServerContext* context,
                                      const v1::RenewTicketRequest* request,
                                      v1::RenewTicketResponse* response) {
  return AnswerWith(*context, *response, [&] { return tickets_.Renew(*request); });
}

grpc::Status TransferApi::EndTicket(grpc::ServerContext* context,
                                    const v1::EndTicketRequest* request,
                                    v1::EndTicketResponse* /*response*/) {
  return Answer(*context, [&] { return tickets_.End(request->run()); });
}

grpc::Status TransferApi::RevokeTickets(grpc::ServerContext* context,
                                        const v1::RevokeTicketsRequest* request,
                                        v1::RevokeTicketsResponse* response) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const int revoked, tickets_.Revoke(request->job()));
    response->set_revoked(revoked);
    return absl::OkStatus();
  });
}

grpc::Status TransferApi::GetPreparedPictures(grpc::ServerContext* context,
                                              const v1::GetPreparedPicturesRequest* request,
                                              grpc::ServerWriter<v1::PreparedPicture>* writer) {
  return Answer(*context, [&] { return SendPrepared(*context, *request, *writer); });
}

absl::Status TransferApi::SendPrepared(grpc::ServerContext& context,
                                       const v1::GetPreparedPicturesRequest& request,
                                       grpc::ServerWriter<v1::PreparedPicture>& writer) {
  if (request.size() < 8 || request.size() > kMaxTrainingSide) {
    return FieldError("size", absl::StrCat(request.size()),
                      absl::StrCat("8 to ", kMaxTrainingSide));
  }
  ASSIGN_OR_RETURN(const TicketScope scope, tickets_.Check(request.token()));
  if (scope.reference_set.empty()) {
    return absl::PermissionDeniedError("token: it is for drawing, not for teaching");
  }
  ASSIGN_OR_RETURN(const v1::ReferenceSet set,
                   references_.Get(absl::StrCat("referenceSets/", scope.reference_set)));
  const SquareFit fit = FromProto(request.fit());
  for (int i = 0; i < set.pictures_size(); ++i) {
    // The decoded original is freed before the caller is waited for, who may be slow to read.
    const auto fit_one = [&]() -> absl::StatusOr<RgbImage> {
      ASSIGN_OR_RETURN(const Blob original, references_.Original(set, i));
      ASSIGN_OR_RETURN(const PictureMemory::Picture picture, memory_.Decode(original.bytes()));
      return FitToSquare(picture.decoded.image, request.size(), fit);
    };
    ASSIGN_OR_RETURN(const RgbImage fitted, fit_one());
    v1::PreparedPicture prepared;
    prepared.set_index(i);
    prepared.set_count(set.pictures_size());
    prepared.set_width(fitted.width);
    prepared.set_height(fitted.height);
    prepared.set_pixels(fitted.pixels.data(), fitted.pixels.size());
    prepared.set_original_sha256(set.pictures(i).sha256());
    if (!WritePatiently(context, writer, prepared)) {
      return absl::CancelledError("the caller has gone");
    }
  }
  return absl::OkStatus();
}

grpc::Status TransferApi::UploadItem(grpc::ServerContext* context,
                                     grpc::ServerReader<v1::UploadItemRequest>* reader,
                                     v1::Item* response) {
  return AnswerWith(*context, *response, [&] { return TakeItem(*context, *reader); });
}

absl::StatusOr<v1::Item> TransferApi::TakeItem(grpc::ServerContext& context,
                                               grpc::ServerReader<v1::UploadItemRequest>& reader) {
  std::optional<Items::Upload> upload;
  v1::UploadItemRequest piece;
  while (ReadPatiently(context, reader, piece)) {
    if (piece.has_header()) {
      if (upload) return FieldError("header", "a second one", "one, first of all");
      ASSIGN_OR_RETURN(upload, Items::Upload::Begin(items_, piece.header()));
      continue;
    }
    if (!upload) return FieldError("header", "none", "first of all: what the picture is");
    RETURN_IF_ERROR(CheckPiece(piece.chunk()));
    RETURN_IF_ERROR(upload->Append(piece.chunk()));
  }
  if (!upload) return FieldError("header", "none", "first of all: what the picture is");
  bool committed = false;
  auto item = upload->Finish(committed);
  if (item.ok() && committed) items_total_.Increment();
  return item;
}

grpc::Status TransferApi::AdoptItems(grpc::ServerContext* context,
                                     const v1::AdoptItemsRequest* request,
                                     v1::AdoptItemsResponse* response) {
  return AnswerWith(*context, *response, [&] { return adoption_.Adopt(*request); });
}

grpc::Status TransferApi::CommitEmbedding(grpc::ServerContext* context,
                                          const v1::CommitEmbeddingRequest* request,
                                          v1::Embedding* response) {
  return AnswerWith(*context, *response, [&]() -> absl::StatusOr<v1::Embedding> {
    bool committed = false;
    auto embedding = embeddings_.Commit(*request, committed);
    if (embedding.ok() && committed) embeddings_total_.Increment();
    return embedding;
  });
}

grpc::Status TransferApi::CreateImageSet(grpc::ServerContext* context,
                                         const v1::CreateImageSetRequest* request,
                                         v1::ImageSet* response) {
  return AnswerWith(*context, *response, [&] { return image_sets_.Create(*request); });
}

grpc::Status TransferApi::CloseImageSet(grpc::ServerContext* context,
                                        const v1::CloseImageSetRequest* request,
                                        v1::ImageSet* response) {
  return AnswerWith(*context, *response,
                    [&] { return image_sets_.Close(request->name(), request->state()); });
}

}  // namespace imprint::registry
