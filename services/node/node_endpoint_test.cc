#include "services/node/node_endpoint.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "services/node/loopback_server.h"
#include "services/node/testing_events.h"

namespace imprint::node {
namespace {

class NodeEndpointTest : public ::testing::Test {
 protected:
  NodeEndpointTest() {
    board_.SetNode("node-1");
    SetDeadline(context_, absl::Seconds(30));
    reader_ = stub_->Watch(&context_, {});
  }

  v1::NodeStatus Next() {
    v1::NodeStatus status;
    EXPECT_TRUE(reader_->Read(&status));
    return status;
  }

  RunTable runs_{{.slots = 2}};
  NodeBoard board_{v1::NODE_KIND_TRAINER, runs_,
                   [](v1::NodeStatus& status) { status.add_warm_models("abc"); }};
  NodeEndpoint endpoint_{board_, runs_};
  LoopbackServer server_{{&endpoint_}};
  std::unique_ptr<v1::NodeService::Stub> stub_ = v1::NodeService::NewStub(server_.channel());
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::NodeStatus>> reader_;
};

TEST_F(NodeEndpointTest, SaysAtOnceHowTheNodeIs) {
  const v1::NodeStatus status = Next();
  EXPECT_EQ(status.node(), "node-1");
  EXPECT_FALSE(status.instance().empty());
  EXPECT_EQ(status.slots(), 2);
  EXPECT_EQ(status.free_slots(), 2);
  EXPECT_EQ(status.warm_models(0), "abc");
  EXPECT_FALSE(status.version().empty());
}

TEST_F(NodeEndpointTest, BeatsThoughNothingChanges) {
  for (int beat = 0; beat < 3; ++beat) EXPECT_EQ(Next().node(), "node-1");
}

TEST_F(NodeEndpointTest, SaysWhenSomethingChanges) {
  Next();
  const auto run = runs_.Begin({.job = "jobs/a"})->run;
  v1::NodeStatus status = Next();
  while (status.runs().empty()) status = Next();
  EXPECT_EQ(status.runs(0).job(), "jobs/a");
  EXPECT_EQ(status.free_slots(), 1);
  runs_.Drain(absl::Now() + absl::Seconds(20));
  while (!status.draining()) status = Next();
  EXPECT_EQ(status.free_slots(), 0);
}

TEST_F(NodeEndpointTest, EndsWithTheNode) {
  Next();
  runs_.Close();
  v1::NodeStatus status;
  while (reader_->Read(&status)) {
  }
  EXPECT_TRUE(reader_->Finish().ok());
}

}  // namespace
}  // namespace imprint::node
