// For tests: a rank, spoken to as its node agent does, and a registry with pictures.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "rpc/status.h"
#include "services/node/loopback_server.h"
#include "services/rank/demo_training.h"
#include "services/rank/fake_registry.h"
#include "services/rank/rank_endpoint.h"

namespace imprint::rank {

class RankFixture : public ::testing::Test {
 protected:
  explicit RankFixture(std::vector<RgbImage> pictures = PlainPictures(), int pack = 1)
      : registry_(std::move(pictures)), endpoint_({}, pack) {
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

  FakeRegistry registry_;
  node::LoopbackServer registry_server_{{&registry_}};
  RankEndpoint endpoint_;
  node::LoopbackServer server_{{&endpoint_}};
  std::unique_ptr<v1::RankService::Stub> stub_ = v1::RankService::NewStub(server_.channel());
};

}  // namespace imprint::rank
