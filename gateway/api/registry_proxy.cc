#include "gateway/api/registry_proxy.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "gateway/api/caller.h"
#include "gateway/peers/registry_client.h"
#include "rpc/client_call.h"
#include "rpc/status.h"
#include "services/server/call.h"
#include "services/server/patience.h"

namespace imprint::gateway {
namespace {

// Half of these at most are one address's, so that no caller takes all of them.
constexpr int kMostUploads = 32;
constexpr int kMostDownloads = 64;
// No call is passed on for longer than this, whatever its caller's deadline.
constexpr absl::Duration kLongest = absl::Minutes(10);
constexpr absl::Duration kLongestUpload = absl::Hours(2);

CallTerms TermsOf(grpc::Channel& channel, const grpc::ServerContext& context,
                  absl::Duration longest = kLongest) {
  return CallTerms{.timeout = longest, .connect_first = &channel}.For(context);
}

// A piece may have 1 MiB (services/registry/file_pieces.h), and its message a little more. Larger
// ones are refused before they are passed on.
constexpr size_t kMostPieceBytes = (1 << 20) + (64 << 10);

// Passes on the pieces of an upload as they come. If the registry answers before the end, the
// caller gets that answer at once.
template <typename Piece, typename Open>
absl::Status ForwardPieces(grpc::Channel& channel, grpc::ServerContext& context,
                           grpc::ServerReader<Piece>& reader, Open&& open) {
  ClientCall call(TermsOf(channel, context, kLongestUpload));
  const auto writer = open(&call.context());
  Piece piece;
  while (ReadPatiently(context, reader, piece)) {
    if (piece.ByteSizeLong() > kMostPieceBytes) {
      call.context().TryCancel();
      // A stream must be finished before its call goes; what it says is only that it was cancelled.
      (void)writer->Finish();
      return FieldError("chunk", absl::StrCat(piece.ByteSizeLong(), " bytes"),
                        "at most 1048576 in a piece");
    }
    if (!writer->Write(piece)) return FromRegistry(writer->Finish());
  }
  if (context.IsCancelled()) {
    // The caller has gone in the middle: the registry need not look at what came.
    call.context().TryCancel();
  } else {
    writer->WritesDone();
  }
  return FromRegistry(writer->Finish());
}

template <typename Piece, typename Open>
absl::Status ForwardFile(grpc::Channel& channel, grpc::ServerContext& context,
                         grpc::ServerWriter<Piece>& writer, Open&& open) {
  ClientCall call(TermsOf(channel, context));
  const auto reader = open(&call.context());
  Piece piece;
  while (reader->Read(&piece)) {
    if (!WritePatiently(context, writer, piece)) {
      call.context().TryCancel();
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

grpc::Status RegistryProxy::Forward(grpc::ServerContext& context, Call call) {
  return Answer(context, [&] {
    ClientCall onward(TermsOf(*channel_, context));
    return FromRegistry(call(onward.context()));
  });
}

grpc::Status RegistryProxy::ForwardUnused(grpc::ServerContext& context, Call call,
                                          const std::string& name, absl::string_view collection) {
  return Answer(context, [&]() -> absl::Status {
    RETURN_IF_ERROR(ParseResourceId("name", name, collection).status());
    // Checked here, as the registry knows nothing of jobs that still need it.
    RETURN_IF_ERROR(jobs_.CheckUnused(kTenant, name));
    return FromGrpc(Forward(context, call));
  });
}

grpc::Status RegistryProxy::ForwardUpload(grpc::ServerContext& context, Call call) {
  return Answer(context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, uploads_.Enter(PeerOf(context)));
    return FromGrpc(Forward(context, call));
  });
}

grpc::Status RegistryProxy::CreateReferenceSet(
    grpc::ServerContext* context, grpc::ServerReader<v1::CreateReferenceSetRequest>* reader,
    v1::ReferenceSet* response) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, uploads_.Enter(PeerOf(*context)));
    return ForwardPieces<v1::CreateReferenceSetRequest>(
        *channel_, *context, *reader,
        [&](grpc::ClientContext* client) { return stub_->CreateReferenceSet(client, response); });
  });
}

grpc::Status RegistryProxy::DownloadEmbedding(grpc::ServerContext* context,
                                              const v1::DownloadEmbeddingRequest* request,
                                              grpc::ServerWriter<v1::DownloadChunk>* writer) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, downloads_.Enter(PeerOf(*context)));
    return ForwardFile<v1::DownloadChunk>(
        *channel_, *context, *writer,
        [&](grpc::ClientContext* client) { return stub_->DownloadEmbedding(client, *request); });
  });
}

grpc::Status RegistryProxy::DownloadItem(grpc::ServerContext* context,
                                         const v1::DownloadItemRequest* request,
                                         grpc::ServerWriter<v1::DownloadChunk>* writer) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Turnstile::Pass pass, downloads_.Enter(PeerOf(*context)));
    return ForwardFile<v1::DownloadChunk>(
        *channel_, *context, *writer,
        [&](grpc::ClientContext* client) { return stub_->DownloadItem(client, *request); });
  });
}

}  // namespace imprint::gateway
