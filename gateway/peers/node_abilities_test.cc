#include "gateway/peers/node_abilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;

KnownNode Node(const std::vector<std::string>& precisions, int slots = 1, bool alive = true,
               v1::NodeKind kind = v1::NODE_KIND_SAMPLER) {
  KnownNode node;
  node.alive = alive;
  node.status.set_kind(kind);
  node.status.set_slots(slots);
  v1::Device& device = *node.status.add_devices();
  device.mutable_precisions()->Assign(precisions.begin(), precisions.end());
  return node;
}

std::string Automatic(const std::vector<KnownNode>& nodes) {
  return AutomaticPrecision(nodes, v1::NODE_KIND_SAMPLER);
}

TEST(NodePrecisions, ANodeThatSaysNothingHasFp32) {
  EXPECT_THAT(PrecisionsOf({}), ElementsAre("fp32"));
  EXPECT_THAT(PrecisionsOf(Node({"bf16", "fp32"}).status), ElementsAre("bf16", "fp32"));
}

TEST(NodePrecisions, AutoIsWhatHalfOfTheSlotsPrefer) {
  EXPECT_EQ(Automatic({}), "fp32");
  EXPECT_EQ(Automatic({Node({"fp32"})}), "fp32");
  EXPECT_EQ(Automatic({Node({"bf16", "fp32"}), Node({"fp32"})}), "bf16");
  EXPECT_EQ(Automatic({Node({"bf16", "fp32"}), Node({"fp32"}, 2)}), "fp32");
  // The dead and those of another kind have no say; neither has what nobody here knows.
  EXPECT_EQ(Automatic({Node({"bf16", "fp32"}, 1, false)}), "fp32");
  EXPECT_EQ(Automatic({Node({"bf16", "fp32"}, 1, true, v1::NODE_KIND_TRAINER)}), "fp32");
  EXPECT_EQ(Automatic({Node({"fp4", "fp32"})}), "fp32");
  KnownNode draining = Node({"bf16", "fp32"});
  draining.status.set_draining(true);
  EXPECT_EQ(Automatic({draining}), "fp32");
  EXPECT_EQ(Automatic({Node({"bf16", "fp32"}, 0)}), "fp32") << "it takes nothing";
}

KnownNode Drawing(int batch, int slots = 1) {
  KnownNode node = Node({"bf16", "fp32"}, slots);
  node.status.set_batch(batch);
  return node;
}

TEST(NodeBatches, AutoIsWhatThreeQuartersOfTheSlotsHave) {
  EXPECT_EQ(AutomaticBatch({}, "fp32"), 0);
  EXPECT_EQ(AutomaticBatch({Drawing(4)}, "fp32"), 4);
  EXPECT_EQ(AutomaticBatch({Drawing(4), Drawing(8)}, "fp32"), 4);
  EXPECT_EQ(AutomaticBatch({Drawing(4), Drawing(8, 2)}, "fp32"), 4);
  EXPECT_EQ(AutomaticBatch({Drawing(4), Drawing(8, 3)}, "fp32"), 8);
  EXPECT_EQ(AutomaticBatch({Drawing(4), Drawing(8, 2), Drawing(16)}, "fp32"), 8);
  // Nor have the following a say.
  EXPECT_EQ(AutomaticBatch({Drawing(4), Drawing(0)}, "fp32"), 4) << "it does not say";
  EXPECT_EQ(AutomaticBatch({Drawing(4, 0)}, "fp32"), 0) << "it takes nothing";
  EXPECT_EQ(AutomaticBatch({Drawing(4)}, "fp16"), 0) << "it does not compute in it";
  KnownNode other = Drawing(4);
  other.status.set_kind(v1::NODE_KIND_TRAINER);
  EXPECT_EQ(AutomaticBatch({other}, "fp32"), 0);
  other = Drawing(4);
  other.status.set_draining(true);
  EXPECT_EQ(AutomaticBatch({other}, "fp32"), 0);
  other = Drawing(4);
  other.alive = false;
  EXPECT_EQ(AutomaticBatch({other}, "fp32"), 0);
}

}  // namespace
}  // namespace imprint::gateway
