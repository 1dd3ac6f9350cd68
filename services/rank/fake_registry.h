// For tests: the registry's side of a training.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>
#include <imprint/v1/transfer.grpc.pb.h>

#include "base/rgb_image.h"

namespace imprint::rank {

// Serves already fitted pictures, in reverse order, under the token "ticket".
class FakeRegistry : public v1::TransferService::Service {
 public:
  explicit FakeRegistry(std::vector<RgbImage> pictures) : pictures_(std::move(pictures)) {}

  grpc::Status GetPreparedPictures(grpc::ServerContext* /*context*/,
                                   const v1::GetPreparedPicturesRequest* request,
                                   grpc::ServerWriter<v1::PreparedPicture>* writer) override {
    ++calls;
    if (request->token() != "ticket") {
      return {grpc::StatusCode::PERMISSION_DENIED, "token: the ticket is void"};
    }
    for (size_t i = pictures_.size(); i-- > 0;) {
      // Breaks the stream off `break_off` times.
      if (i == 0 && break_off.fetch_sub(1) > 0) return {grpc::StatusCode::UNAVAILABLE, "restarts"};
      v1::PreparedPicture picture;
      picture.set_index(static_cast<int32_t>(i));
      picture.set_count(static_cast<int32_t>(pictures_.size()));
      picture.set_width(pictures_[i].width);
      picture.set_height(pictures_[i].height);
      picture.set_pixels(pictures_[i].pixels.data(), pictures_[i].pixels.size());
      writer->Write(picture);
    }
    return grpc::Status::OK;
  }

  std::atomic<int> break_off = 0;
  std::atomic<int> calls = 0;

 private:
  std::vector<RgbImage> pictures_;
};

}  // namespace imprint::rank
