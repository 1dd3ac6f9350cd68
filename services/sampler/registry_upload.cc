#include "services/sampler/registry_upload.h"

#include "base/status_macros.h"
#include "rpc/client_call.h"
#include "rpc/status.h"

namespace imprint::sampler {
namespace {

// The registry takes pieces of up to 1 MiB (services/registry/file_pieces.h).
constexpr size_t kChunkBytes = 256 << 10;

}  // namespace

absl::StatusOr<v1::Item> UploadItem(v1::TransferService::StubInterface& registry,
                                    const v1::UploadItemRequest::ItemHeader& header,
                                    const std::string& file, absl::Duration timeout) {
  ClientCall call({.timeout = timeout});
  v1::Item item;
  const auto stream = registry.UploadItem(&call.context(), &item);
  v1::UploadItemRequest request;
  *request.mutable_header() = header;
  bool open = stream->Write(request);
  for (size_t sent = 0; open && sent < file.size(); sent += kChunkBytes) {
    request.set_chunk(file.substr(sent, kChunkBytes));
    open = stream->Write(request);
  }
  // A stream that the registry closed early says why at its end.
  if (open) stream->WritesDone();
  RETURN_IF_ERROR(FromGrpc(stream->Finish()));
  return item;
}

}  // namespace imprint::sampler
