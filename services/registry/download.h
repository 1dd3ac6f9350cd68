// A file in pieces. Private to services/registry.
#pragma once

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/registry.pb.h>

namespace imprint {

// CANCELLED if the caller has gone.
inline absl::Status SendFile(const std::string& content, const std::string& sha256,
                             grpc::ServerWriter<v1::DownloadChunk>& writer) {
  constexpr size_t kPiece = 64 << 10;
  v1::DownloadChunk chunk;
  chunk.set_total_bytes(static_cast<int64_t>(content.size()));
  chunk.set_sha256(sha256);
  for (size_t begin = 0; begin < std::max<size_t>(content.size(), 1); begin += kPiece) {
    chunk.set_data(content.substr(begin, kPiece));
    if (!writer.Write(chunk)) return absl::CancelledError("the caller has gone");
    chunk.Clear();
  }
  return absl::OkStatus();
}

}  // namespace imprint
