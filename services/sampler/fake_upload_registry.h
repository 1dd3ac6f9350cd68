// For tests: the registry's side of uploads.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/transfer.grpc.pb.h>

#include "base/sha256.h"

namespace imprint::sampler {

// Keeps what is uploaded under the token "ticket"; the first file of an index stays.
class FakeUploadRegistry : public v1::TransferService::Service {
 public:
  struct Upload {
    v1::UploadItemRequest::ItemHeader header;
    std::string file;
  };

  grpc::Status UploadItem(grpc::ServerContext* /*context*/,
                          grpc::ServerReader<v1::UploadItemRequest>* reader,
                          v1::Item* item) override {
    ++calls;
    Upload upload;
    v1::UploadItemRequest request;
    while (reader->Read(&request)) {
      if (request.has_header()) upload.header = request.header();
      upload.file += request.chunk();
    }
    if (refusals.fetch_sub(1) > 0) return {refusal, "the fake registry refuses"};
    if (upload.header.token() != "ticket") {
      return {grpc::StatusCode::PERMISSION_DENIED, "token: the ticket is void"};
    }
    if (!upload.file.empty() && Sha256Hex(upload.file) != upload.header.sha256()) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "sha256: differs"};
    }
    const std::lock_guard lock(mutex_);
    const Upload& kept =
        uploads_.try_emplace(upload.header.request().index(), upload).first->second;
    *item->mutable_request() = kept.header.request();
    *item->mutable_safety() = kept.header.safety();
    item->set_sha256(kept.header.sha256());
    return grpc::Status::OK;
  }

  std::map<int64_t, Upload> uploads() const {
    const std::lock_guard lock(mutex_);
    return uploads_;
  }

  // The number of calls still to be answered with `refusal`.
  std::atomic<int> refusals = 0;
  std::atomic<grpc::StatusCode> refusal = grpc::StatusCode::UNAVAILABLE;
  std::atomic<int> calls = 0;

 private:
  mutable std::mutex mutex_;
  std::map<int64_t, Upload> uploads_;
};

}  // namespace imprint::sampler
