// Files that are streamed in pieces, in and out. Private to services/registry.
#pragma once

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/registry.pb.h>

#include "base/field_error.h"
#include "services/server/patience.h"

namespace imprint::registry {

// Returns INVALID_ARGUMENT naming `chunk` if it is larger than the API allows.
inline absl::Status CheckPiece(absl::string_view chunk) {
  constexpr size_t kMostBytes = 1 << 20;
  if (chunk.size() <= kMostBytes) return absl::OkStatus();
  return FieldError("chunk", absl::StrCat(chunk.size(), " bytes"),
                    absl::StrCat("at most ", kMostBytes, " in a piece"));
}

// Returns CANCELLED if the caller has gone.
inline absl::Status SendFile(absl::string_view content, const std::string& sha256,
                             grpc::ServerContext& context,
                             grpc::ServerWriter<v1::DownloadChunk>& writer) {
  constexpr size_t kPiece = 64 << 10;
  v1::DownloadChunk chunk;
  chunk.set_total_bytes(static_cast<int64_t>(content.size()));
  chunk.set_sha256(sha256);
  for (size_t begin = 0; begin < std::max<size_t>(content.size(), 1); begin += kPiece) {
    chunk.set_data(std::string(content.substr(begin, kPiece)));
    if (!WritePatiently(context, writer, chunk)) return absl::CancelledError("the caller has gone");
    chunk.Clear();
  }
  return absl::OkStatus();
}

}  // namespace imprint::registry
