#include "gateway/scheduler/take_snapshot.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "gateway/jobs/store_fixture.h"

namespace imprint::gateway {
namespace {

class TakeSnapshotTest : public StoreFixture {
 protected:
  void Hear(const std::string& node, v1::NodeKind kind, const std::vector<std::string>& precisions,
            int batch = 0, int largest_batch = 0) {
    v1::NodeStatus status;
    status.set_node(node);
    status.set_kind(kind);
    status.set_slots(1);
    status.set_free_slots(1);
    status.set_batch(batch);
    status.set_largest_batch(largest_batch);
    status.add_devices()->mutable_precisions()->Assign(precisions.begin(), precisions.end());
    nodes_.Heard(node + ":1", status);
  }

  WaitingWork TheOneThatWaits() {
    const auto snapshot = TakeSnapshot(queue_, leases_, nodes_);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    EXPECT_EQ(snapshot->waiting.size(), 1);
    return snapshot->waiting.front();
  }

  // Returns what the one waiting job is to be computed in.
  std::string Precision() { return TheOneThatWaits().precision; }

  NodeTable nodes_{absl::Now, absl::Minutes(1)};
};

TEST_F(TakeSnapshotTest, AutoIsWhatTheNodesOfItsKindPrefer) {
  NewJob created = ImageSet("s", 1);
  created.job.mutable_image_set()->set_precision("auto");
  Create(std::move(created));
  Hear("trainer", v1::NODE_KIND_TRAINER, {"fp16", "fp32"});
  EXPECT_EQ(Precision(), "fp32") << "nobody draws yet";
  Hear("sampler", v1::NODE_KIND_SAMPLER, {"bf16", "fp32"});
  EXPECT_EQ(Precision(), "bf16");
}

TEST_F(TakeSnapshotTest, ATrainingAsksTrainers) {
  NewJob created = Training("a");
  created.job.mutable_training()->set_precision("auto");
  Create(std::move(created));
  Hear("sampler", v1::NODE_KIND_SAMPLER, {"bf16", "fp32"});
  Hear("trainer", v1::NODE_KIND_TRAINER, {"fp16", "fp32"});
  EXPECT_EQ(Precision(), "fp16");
}

TEST_F(TakeSnapshotTest, ATrainerThatPacksSaysWhatItHas) {
  NewJob created = Training("a");
  created.job.set_priority(v1::JOB_PRIORITY_BULK);
  created.job.mutable_training()->set_precision("bf16");
  Create(std::move(created));
  Lease("a", "trainer");
  v1::NodeStatus status;
  status.set_node("trainer");
  status.set_kind(v1::NODE_KIND_TRAINER);
  status.set_slots(4);
  status.set_free_slots(4);
  nodes_.Heard("trainer:1", status);
  auto snapshot = TakeSnapshot(queue_, leases_, nodes_);
  ASSERT_THAT(snapshot, Succeeds());
  EXPECT_EQ(snapshot->nodes[0].pack, 1);
  EXPECT_TRUE(snapshot->nodes[0].trainings.empty()) << "only where it matters";
  status.set_pack(4);
  nodes_.Heard("trainer:1", status);
  snapshot = TakeSnapshot(queue_, leases_, nodes_);
  ASSERT_THAT(snapshot, Succeeds());
  EXPECT_EQ(snapshot->nodes[0].pack, 4);
  EXPECT_EQ(snapshot->nodes[0].free_slots, 3);
  ASSERT_EQ(snapshot->nodes[0].trainings.size(), 1);
  const NodeTraining& training = snapshot->nodes[0].trainings[0];
  EXPECT_EQ(training.model, "f00d");
  EXPECT_EQ(training.precision, "bf16");
  EXPECT_EQ(training.priority, v1::JOB_PRIORITY_BULK);
}

TEST_F(TakeSnapshotTest, ASetHasThePlacesOfTheSamplersOrOfItsPictures) {
  Create(ImageSet("s", 70));
  EXPECT_EQ(TheOneThatWaits().places, 0) << "nobody draws yet";
  Hear("old", v1::NODE_KIND_SAMPLER, {"fp32"});
  EXPECT_EQ(TheOneThatWaits().places, 0) << "it does not say";
  Hear("small", v1::NODE_KIND_SAMPLER, {"fp32"}, 4);
  EXPECT_EQ(TheOneThatWaits().places, 4);
  for (const char* node : {"large-0", "large-1", "large-2"}) {
    Hear(node, v1::NODE_KIND_SAMPLER, {"fp32"}, 100);
  }
  EXPECT_EQ(TheOneThatWaits().places, kMostChunkItems);
  ASSERT_THAT(leases_.Lease("s", {"large-0"}, absl::Minutes(1), {.batch_places = 8}), Succeeds());
  EXPECT_EQ(TheOneThatWaits().places, 8) << "as it was begun";
  const auto snapshot = TakeSnapshot(queue_, leases_, nodes_);
  for (const FreeNode& node : snapshot->nodes) {
    EXPECT_EQ(MayTake(node, "fp32", 8), node.node != "small") << node.node;
  }
}

TEST_F(TakeSnapshotTest, ASmallSetHasAsManyPlacesAsPictures) {
  Create(ImageSet("s", 3));
  Hear("sampler", v1::NODE_KIND_SAMPLER, {"fp32"}, 4);
  EXPECT_EQ(TheOneThatWaits().places, 3);
}

TEST_F(TakeSnapshotTest, ASamplerTakesLargerBatchesThanItWouldChoose) {
  Create(ImageSet("s", 70));
  Hear("sampler", v1::NODE_KIND_SAMPLER, {"fp32"}, 4, 8);
  const auto snapshot = TakeSnapshot(queue_, leases_, nodes_);
  ASSERT_THAT(snapshot, Succeeds());
  EXPECT_EQ(snapshot->waiting[0].places, 4);
  EXPECT_TRUE(MayTake(snapshot->nodes[0], "fp32", 8));
  EXPECT_FALSE(MayTake(snapshot->nodes[0], "fp32", 9));
}

TEST_F(TakeSnapshotTest, ATrainingHasNoPlaces) {
  Create(Training("a"));
  Hear("sampler", v1::NODE_KIND_SAMPLER, {"fp32"}, 4);
  EXPECT_EQ(TheOneThatWaits().places, 0);
}

TEST_F(TakeSnapshotTest, AChosenPrecisionStays) {
  NewJob created = ImageSet("s", 1);
  created.job.mutable_image_set()->set_precision("fp32");
  Create(std::move(created));
  Hear("sampler", v1::NODE_KIND_SAMPLER, {"bf16", "fp32"});
  EXPECT_EQ(Precision(), "fp32");
}

}  // namespace
}  // namespace imprint::gateway
