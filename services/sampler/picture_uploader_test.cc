#include "services/sampler/picture_uploader.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imaging/encode.h"
#include "services/node/loopback_server.h"
#include "services/sampler/fake_upload_registry.h"

namespace imprint::sampler {
namespace {

class PictureUploaderTest : public ::testing::Test {
 protected:
  std::shared_ptr<ChunkRun> Chunk(int items, const std::string& token = "ticket") {
    ChunkOrder order;
    order.ticket.set_registry(server_.address());
    order.ticket.set_token(token);
    for (int i = 0; i < items; ++i) order.pictures.emplace_back().item.set_index(i);
    run_ = std::make_shared<node::Run>(node::RunId{}, node_);
    return std::make_shared<ChunkRun>(run_, order, metrics_);
  }

  // Draws every item of the chunk in a grey of its own.
  void Draw(const std::shared_ptr<ChunkRun>& chunk, bool blocked = false) {
    for (size_t item = 0; item < chunk->order().pictures.size(); ++item) {
      FinishedPicture picture{.chunk = chunk, .item = item, .image = Grey(item)};
      picture.safety.set_blocked(blocked);
      uploader_.Add(std::move(picture));
    }
    chunk->DrawingEnded(absl::OkStatus());
  }
  static RgbImage Grey(size_t item) { return RgbImage::Blank(8, 8, static_cast<uint8_t>(item)); }

  v1::RunEvent Last() {
    while (!run_->ended()) run_->log().Read(1 << 20, absl::Now() + absl::Seconds(60));
    return *run_->log().Read(1, absl::InfinitePast(), 1 << 20).events.back();
  }

  FakeUploadRegistry registry_;
  node::LoopbackServer server_{{&registry_}};
  Metrics metrics_registry_;
  SamplerMetrics metrics_{metrics_registry_};
  node::ChangeSignal node_;
  std::shared_ptr<node::Run> run_;
  PictureUploader uploader_{metrics_};
};

TEST_F(PictureUploaderTest, BringsEveryPictureToTheRegistry) {
  Draw(Chunk(40));
  EXPECT_EQ(Last().chunk_result().pictures(), 40);
  ASSERT_EQ(registry_.uploads().size(), 40);
  EXPECT_EQ(registry_.uploads()[7].file, *EncodePicture(Grey(7), PictureFormat::kPng));
}

TEST_F(PictureUploaderTest, ABlockedPictureIsReportedAndNotSent) {
  Draw(Chunk(1), /*blocked=*/true);
  EXPECT_EQ(Last().chunk_result().blocked(), 1);
  const auto upload = registry_.uploads()[0];
  EXPECT_TRUE(upload.header.safety().blocked());
  EXPECT_TRUE(upload.file.empty());
  EXPECT_TRUE(upload.header.sha256().empty());
}

TEST_F(PictureUploaderTest, ARegistryThatIsAwayIsAskedAgain) {
  registry_.refusals = 3;
  Draw(Chunk(2));
  EXPECT_EQ(Last().chunk_result().pictures(), 2);
  EXPECT_EQ(registry_.calls, 5);
  EXPECT_EQ(metrics_.upload_retries.Value(), 3);
}

TEST_F(PictureUploaderTest, AVoidTicketEndsTheRun) {
  Draw(Chunk(5, "old"));
  EXPECT_EQ(Last().failure().reason(), "TICKET_VOID");
  EXPECT_FALSE(Last().failure().retryable());
}

TEST_F(PictureUploaderTest, AFullDiskEndsTheRunWithItsReason) {
  registry_.refusals = 1 << 20;
  registry_.refusal = grpc::StatusCode::RESOURCE_EXHAUSTED;
  Draw(Chunk(2));
  EXPECT_EQ(Last().failure().reason(), "REGISTRY_FULL");
  EXPECT_TRUE(Last().failure().retryable());
}

// While the registry is away all that waits for it works, each in the eyes of its own follower.
TEST_F(PictureUploaderTest, ChunksBehindOneThatIsRetriedSayThatTheyWork) {
  registry_.refusals = 1 << 20;
  const auto first = Chunk(2);
  const auto first_run = run_;
  Draw(first);
  while (registry_.calls < 2) std::this_thread::yield();
  const auto behind = Chunk(1);
  Draw(behind);
  const auto said = run_->log().Read(1, absl::Now() + absl::Seconds(60)).events;
  ASSERT_FALSE(said.empty());
  EXPECT_TRUE(said.front()->has_working());
  for (const auto& run : {first_run, run_}) run->Stop({.keep = false, .reason = "cancelled"});
}

TEST_F(PictureUploaderTest, WhoeverWaitsForRoomSaysSo) {
  registry_.refusals = 1 << 20;
  PictureUploader uploader(metrics_, 2, absl::Milliseconds(1));
  const auto chunk = Chunk(static_cast<int>(PictureUploader::kMaxWaiting) + 3);
  int waited = 0;
  for (size_t item = 0; item < chunk->order().pictures.size(); ++item) {
    uploader.Add({.chunk = chunk, .item = item, .image = Grey(item)}, [&] {
      if (++waited == 3) run_->Stop({.keep = false, .reason = "cancelled"});
    });
  }
  EXPECT_EQ(waited, 3);
}

TEST_F(PictureUploaderTest, AStopEndsTheAsking) {
  registry_.refusals = 1 << 20;
  const auto chunk = Chunk(3);
  Draw(chunk);
  while (registry_.calls == 0) std::this_thread::yield();
  run_->Stop({.keep = true, .reason = "drained"});
  EXPECT_EQ(Last().stopped().reason(), "drained");
}

TEST_F(PictureUploaderTest, WhoeverDrawsWaitsForAFullQueueButNotBeyondAStop) {
  registry_.refusals = 1 << 20;
  const auto chunk = Chunk(static_cast<int>(PictureUploader::kMaxWaiting) + 10);
  std::thread drawing([&] { Draw(chunk); });
  while (registry_.calls < 2) std::this_thread::yield();
  run_->Stop({.keep = false, .reason = "cancelled"});
  drawing.join();
  EXPECT_EQ(Last().stopped().reason(), "cancelled");
}

}  // namespace
}  // namespace imprint::sampler
