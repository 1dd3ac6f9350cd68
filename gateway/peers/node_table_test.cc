#include "gateway/peers/node_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class NodeTableTest : public ::testing::Test {
 protected:
  static v1::NodeStatus Status(const std::string& instance, int free_slots = 1) {
    v1::NodeStatus status;
    status.set_node("a");
    status.set_instance(instance);
    status.set_free_slots(free_slots);
    return status;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  NodeTable table_{[this] { return now_; }, absl::Seconds(5)};
};

TEST_F(NodeTableTest, ANodeIsAliveWhileItIsHeardOf) {
  table_.Heard("x:1", Status("i"));
  now_ += absl::Seconds(4);
  EXPECT_TRUE(table_.Find("a")->alive);
  now_ += absl::Seconds(2);
  EXPECT_FALSE(table_.Find("a")->alive);
  EXPECT_THAT(table_.Nodes(), SizeIs(1));
  now_ += absl::Seconds(60);
  EXPECT_THAT(table_.Nodes(), IsEmpty());
}

TEST_F(NodeTableTest, ANodeThatDrainsGetsNoWorkBeforeItsHeartbeatSaysSo) {
  table_.SetDraining("unknown");
  table_.Heard("x:1", Status("i"));
  table_.SetDraining("a");
  EXPECT_TRUE(table_.Find("a")->status.draining());
  table_.Heard("x:1", Status("another"));
  EXPECT_FALSE(table_.Find("a")->status.draining()) << "it was started again";
}

TEST_F(NodeTableTest, OnlyChangesAreChanges) {
  EXPECT_TRUE(table_.Heard("x:1", Status("i")));
  EXPECT_FALSE(table_.Heard("x:1", Status("i")));
  EXPECT_TRUE(table_.Heard("x:1", Status("i", 0)));
  now_ += absl::Seconds(6);
  EXPECT_TRUE(table_.Heard("x:1", Status("i", 0))) << "it was dead before";
}

}  // namespace
}  // namespace imprint::gateway
