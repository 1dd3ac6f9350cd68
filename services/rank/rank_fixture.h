// For tests: a rank, spoken to as its node agent does, and a registry with the demo's pictures.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "imaging/decode.h"
#include "imaging/fit.h"
#include "rpc/status.h"
#include "services/node/loopback_server.h"
#include "services/rank/demo_training.h"
#include "services/rank/fake_registry.h"
#include "services/rank/rank_endpoint.h"

namespace imprint::rank {

// The pictures of the demo's concept, as the registry prepares them.
inline const std::vector<RgbImage>& Pictures() {
  static const auto pictures = [] {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(
             IMPRINT_SOURCE_DIR "/models/demo/concepts/pip/images")) {
      files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<RgbImage> fitted;
    for (const auto& path : files) {
      std::ifstream file(path, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      fitted.push_back(FitToSquare(DecodePicture(std::as_bytes(std::span(bytes)))->image,
                                   DemoModel().info().picture_size, SquareFit::kCrop));
    }
    return fitted;
  }();
  return pictures;
}

class RankFixture : public ::testing::Test {
 protected:
  explicit RankFixture(int pack = 1) : endpoint_({}, pack) {
    EXPECT_THAT(endpoint_.SetThreads(1), Succeeds());
  }

  v1::TrainRequest Request(int steps) { return DemoRequest(steps, registry_server_.address()); }
  v1::TrainRequest RequestOfGang(int rank) {
    return DemoRequestOfGang(rank, 6, registry_server_.address());
  }

  struct Trained {
    std::vector<v1::RunEvent> events;
    absl::Status status;
    const v1::RunEvent& last() const { return events.back(); }
  };

  Trained Train(const v1::TrainRequest& request,
                const std::function<void(const v1::RunEvent&)>& each = nullptr) {
    grpc::ClientContext context;
    SetDeadline(context, absl::Seconds(200));
    const auto stream = stub_->Train(&context, request);
    Trained trained;
    v1::RunEvent event;
    while (stream->Read(&event)) {
      if (each) each(event);
      trained.events.push_back(event);
    }
    trained.status = FromGrpc(stream->Finish());
    return trained;
  }

  absl::Status Stop(v1::StopMode mode, const v1::RunKey& run = {}) {
    grpc::ClientContext context;
    v1::StopRankRequest request;
    request.set_mode(mode);
    *request.mutable_run() = run;
    v1::StopRankResponse response;
    return FromGrpc(stub_->Stop(&context, request, &response));
  }

  FakeRegistry registry_{Pictures()};
  node::LoopbackServer registry_server_{{&registry_}};
  RankEndpoint endpoint_;
  node::LoopbackServer server_{{&endpoint_}};
  std::unique_ptr<v1::RankService::Stub> stub_ = v1::RankService::NewStub(server_.channel());
};

}  // namespace imprint::rank
