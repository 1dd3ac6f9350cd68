#include "cli/imprint/client/transfers.h"

#include <algorithm>
#include <memory>
#include <span>

#include "absl/strings/str_cat.h"

#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

// The API takes pieces of up to 1 MiB.
constexpr size_t kChunkBytes = 256 << 10;
constexpr absl::Duration kDownloadTimeout = absl::Minutes(10);
// As long as the gateway lets an upload take: pictures as phones make them, over a slow line.
constexpr absl::Duration kUploadTimeout = absl::Hours(2);

using UploadStream = grpc::ClientWriterInterface<v1::CreateReferenceSetRequest>;

// Returns false once the server reads no more, as it has an answer already; Finish has it.
bool SendPicture(UploadStream& stream, const std::filesystem::path& path,
                 std::span<const std::byte> bytes) {
  v1::CreateReferenceSetRequest part;
  v1::CreateReferenceSetRequest::PictureHeader& header = *part.mutable_picture();
  header.set_file_name(path.filename().string());
  header.set_bytes(std::ssize(bytes));
  header.set_sha256(Sha256Hex(bytes));
  if (!stream.Write(part)) return false;
  for (size_t sent = 0; sent < bytes.size(); sent += kChunkBytes) {
    const auto chunk = bytes.subspan(sent, std::min(kChunkBytes, bytes.size() - sent));
    part.set_chunk(chunk.data(), chunk.size());
    if (!stream.Write(part)) return false;
  }
  return true;
}

template <typename Open>
absl::StatusOr<std::string> Download(Gateway& gateway, const std::string& name, const Open& open) {
  std::string content;
  std::string sha256;
  RETURN_IF_ERROR(gateway.Try(kDownloadTimeout, [&](grpc::ClientContext& context) {
    // A try before this one may have ended in the middle.
    content.clear();
    const auto stream = open(context);
    v1::DownloadChunk chunk;
    while (stream->Read(&chunk)) {
      if (!chunk.sha256().empty()) sha256 = chunk.sha256();
      content += chunk.data();
    }
    return stream->Finish();
  }));
  if (Sha256Hex(content) != sha256) {
    return absl::DataLossError(absl::StrCat(name,
                                            ": what arrived has another hash than what the "
                                            "registry has; try again"));
  }
  return content;
}

}  // namespace

absl::StatusOr<v1::ReferenceSet> UploadReferences(Gateway& gateway, const ReferenceUpload& upload) {
  std::vector<std::shared_ptr<const MappedFile>> files;
  for (const std::filesystem::path& path : upload.pictures) {
    ASSIGN_OR_RETURN(files.emplace_back(), MappedFile::Open(path));
  }
  v1::ReferenceSet references;
  RETURN_IF_ERROR(gateway.Try(kUploadTimeout, [&](grpc::ClientContext& context) {
    const auto stream = gateway.registry().CreateReferenceSet(&context, &references);
    v1::CreateReferenceSetRequest part;
    v1::CreateReferenceSetRequest::ReferenceSetHeader& header = *part.mutable_header();
    header.set_title(upload.title);
    *header.mutable_rights() = upload.rights;
    header.set_request_id(upload.request_id);
    header.set_pictures(static_cast<int>(files.size()));
    bool listening = stream->Write(part);
    for (size_t i = 0; listening && i < files.size(); ++i) {
      listening = SendPicture(*stream, upload.pictures[i], files[i]->bytes());
    }
    stream->WritesDone();
    return stream->Finish();
  }));
  return references;
}

absl::StatusOr<std::string> DownloadEmbedding(Gateway& gateway, const std::string& name) {
  v1::DownloadEmbeddingRequest request;
  request.set_name(name);
  return Download(gateway, name, [&](grpc::ClientContext& context) {
    return gateway.registry().DownloadEmbedding(&context, request);
  });
}

absl::StatusOr<std::string> DownloadItem(Gateway& gateway, const std::string& name) {
  v1::DownloadItemRequest request;
  request.set_name(name);
  return Download(gateway, name, [&](grpc::ClientContext& context) {
    return gateway.registry().DownloadItem(&context, request);
  });
}

}  // namespace imprint::cli
