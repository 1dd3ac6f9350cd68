#include "services/sampler/chunk_run.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::sampler {
namespace {

class ChunkRunTest : public ::testing::Test {
 protected:
  ChunkRunTest() {
    ChunkOrder order;
    order.pictures.resize(2);
    chunk_ = std::make_unique<ChunkRun>(run_, order, metrics_);
  }

  static v1::PictureDrawn Picture(bool blocked) {
    v1::PictureDrawn picture;
    picture.mutable_safety()->set_blocked(blocked);
    return picture;
  }
  static v1::Failure TicketVoid() {
    v1::Failure failure;
    failure.set_reason("TICKET_VOID");
    return failure;
  }
  v1::RunEvent Last() const { return *run_->log().Read(1, absl::InfinitePast()).events.back(); }

  Metrics registry_;
  SamplerMetrics metrics_{registry_};
  node::ChangeSignal node_;
  std::shared_ptr<node::Run> run_ = std::make_shared<node::Run>(node::RunId{}, node_);
  std::unique_ptr<ChunkRun> chunk_;
};

TEST_F(ChunkRunTest, EndsWhenAllPicturesAreInTheRegistry) {
  chunk_->Expect();
  chunk_->Expect();
  chunk_->DrawingEnded(absl::OkStatus());
  chunk_->Delivered(Picture(false));
  EXPECT_FALSE(run_->ended());
  chunk_->Delivered(Picture(true));
  ASSERT_TRUE(run_->ended());
  EXPECT_EQ(Last().chunk_result().pictures(), 2);
  EXPECT_EQ(Last().chunk_result().blocked(), 1);
  EXPECT_EQ(metrics_.images.Value(), 2);
  EXPECT_EQ(metrics_.blocked.Value(), 1);
}

TEST_F(ChunkRunTest, AStopReachesTheDrawingAndEndsTheRunAfterItsUploads) {
  chunk_->Expect();
  run_->Stop({.reason = "drained", .draining = true});
  EXPECT_TRUE(chunk_->stop_token().stop_requested());
  chunk_->DrawingEnded(absl::CancelledError("stopped"));
  EXPECT_FALSE(run_->ended());
  chunk_->Delivered(Picture(false));
  EXPECT_EQ(Last().stopped().reason(), "drained");
  EXPECT_TRUE(Last().stopped().draining());
}

TEST_F(ChunkRunTest, AChunkThatWasDoneBeforeItsStopIsDone) {
  chunk_->Expect();
  chunk_->Delivered(Picture(false));
  chunk_->Expect();
  run_->Stop({.reason = "late"});
  chunk_->Delivered(Picture(false));
  chunk_->DrawingEnded(absl::OkStatus());
  EXPECT_TRUE(Last().has_chunk_result());
}

TEST_F(ChunkRunTest, AnUploadThatFailsStopsTheDrawingAndIsTheReason) {
  chunk_->Expect();
  chunk_->UploadFailed(TicketVoid());
  EXPECT_TRUE(chunk_->stop_token().stop_requested());
  EXPECT_FALSE(run_->ended());
  chunk_->DrawingEnded(absl::CancelledError("stopped"));
  EXPECT_EQ(Last().failure().reason(), "TICKET_VOID");
}

TEST_F(ChunkRunTest, DrawingThatFailsIsTheReason) {
  chunk_->DrawingEnded(absl::InvalidArgumentError("picture 1: steps: got 0"));
  EXPECT_EQ(Last().failure().reason(), "BAD_INPUT");
  EXPECT_FALSE(Last().failure().retryable());
}

TEST_F(ChunkRunTest, APictureThatWasDroppedLeavesTheChunkUndone) {
  chunk_->Expect();
  chunk_->Expect();
  chunk_->DrawingEnded(absl::OkStatus());
  run_->Stop({.keep = false, .reason = "cancelled"});
  chunk_->Delivered(Picture(false));
  chunk_->Dropped();
  EXPECT_EQ(Last().stopped().reason(), "cancelled");
}

}  // namespace
}  // namespace imprint::sampler
