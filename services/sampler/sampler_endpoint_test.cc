// Real pictures with the demo model.
#include "services/sampler/sampler_endpoint.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "engine/sampling/sampler.h"
#include "imaging/encode.h"
#include "rpc/status.h"
#include "services/node/loopback_server.h"
#include "services/sampler/fake_upload_registry.h"

namespace imprint::sampler {
namespace {

using ::testing::HasSubstr;

const std::string& ModelFolder() {
  static const std::string folder = IMPRINT_SOURCE_DIR "/models/demo";
  return folder;
}

const std::shared_ptr<const engine::BaseModel>& Model() {
  static const auto model = *engine::BaseModel::Load(ModelFolder());
  return model;
}

// Copies the model to a folder of its own, by which samplers take it for another one.
std::string CopyOfModel(const ScratchFolder& scratch) {
  const auto folder = scratch.path() / "copy";
  std::filesystem::copy(ModelFolder(), folder, std::filesystem::copy_options::recursive);
  return folder.string();
}

class SamplerEndpointTest : public ::testing::Test {
 protected:
  ~SamplerEndpointTest() override { runs_.Close(); }

  v1::StartSamplingRequest Request(const std::string& job, int items) {
    v1::StartSamplingRequest request;
    request.mutable_run()->set_job("jobs/" + job);
    request.mutable_run()->set_attempt(1);
    request.mutable_model()->set_folder(ModelFolder());
    request.mutable_model()->set_fingerprint(Model()->info().fingerprint);
    request.mutable_ticket()->set_registry(registry_server_.address());
    request.mutable_ticket()->set_token("ticket");
    for (int i = 0; i < items; ++i) {
      v1::ItemRequest& item = *request.add_items();
      item.set_index(i);
      item.set_prompt("a dog in the snow");
      item.set_seed(static_cast<uint64_t>(i));
    }
    request.mutable_settings()->set_steps(2);
    request.mutable_settings()->set_guidance(3);
    return request;
  }

  absl::StatusOr<v1::StartSamplingResponse> Start(const v1::StartSamplingRequest& request) {
    grpc::ClientContext context;
    v1::StartSamplingResponse response;
    const absl::Status status = FromGrpc(stub_->Start(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  std::vector<v1::RunEvent> Follow(const v1::RunKey& key,
                                   const std::function<void(const v1::RunEvent&)>& each = nullptr) {
    grpc::ClientContext context;
    SetDeadline(context, absl::Seconds(200));
    v1::AttachSamplingRequest request;
    *request.mutable_run() = key;
    const auto reader = stub_->Attach(&context, request);
    std::vector<v1::RunEvent> events;
    v1::RunEvent event;
    while (reader->Read(&event)) {
      if (each) each(event);
      events.push_back(event);
    }
    EXPECT_THAT(FromGrpc(reader->Finish()), Succeeds());
    return events;
  }

  v1::RunEvent LastOf(const v1::StartSamplingRequest& request,
                      const std::function<void(const v1::RunEvent&)>& each = nullptr) {
    EXPECT_THAT(Start(request), Succeeds());
    const auto events = Follow(request.run(), each);
    return events.empty() ? v1::RunEvent() : events.back();
  }

  FakeUploadRegistry registry_;
  node::LoopbackServer registry_server_{{&registry_}};
  Metrics metrics_registry_;
  SamplerMetrics metrics_{metrics_registry_};
  node::RunTable runs_{{.slots = 2}};
  PictureUploader uploader_{metrics_, 2, absl::Milliseconds(50)};
  SamplingEngine engine_{{.batch = 2, .compute = {.threads = 1}, .device_model = "a processor"},
                         uploader_,
                         metrics_,
                         runs_.changes()};
  ModelRoots models_;
  SamplerEndpoint endpoint_{runs_, engine_, models_, metrics_};
  node::LoopbackServer server_{{&endpoint_}};
  std::unique_ptr<v1::SamplerService::Stub> stub_ = v1::SamplerService::NewStub(server_.channel());
};

TEST_F(SamplerEndpointTest, DrawsWhatTheEngineDraws) {
  const auto request = Request("a", 3);
  EXPECT_EQ(LastOf(request).chunk_result().pictures(), 3);

  ASSERT_OK_AND_ASSIGN(const ChunkOrder order, ParseChunk(request));
  ASSERT_OK_AND_ASSIGN(const engine::Sampler sampler, engine::Sampler::Make(Model(), {}, 2));
  engine::DrawHooks hooks;
  int compared = 0;
  hooks.on_picture = [&](size_t index, RgbImage picture) -> absl::Status {
    const auto upload = registry_.uploads()[static_cast<int64_t>(index)];
    EXPECT_EQ(upload.file, *EncodePicture(picture, PictureFormat::kPng));
    ++compared;
    return absl::OkStatus();
  };
  std::vector<PictureRequest> requests;
  for (const OrderedPicture& picture : order.pictures) {
    requests.push_back(ToPictureRequest(picture, Model()->info()));
  }
  // In batches of the same shape: its bits depend on that.
  ASSERT_THAT(sampler.Draw(requests, hooks, order.batch_places), Succeeds());
  EXPECT_EQ(compared, 3);
}

TEST_F(SamplerEndpointTest, SaysWhatHappensOnTheWay) {
  const auto request = Request("a", 2);
  ASSERT_THAT(Start(request), Succeeds());
  std::vector<v1::RunEvent> events = Follow(request.run());
  EXPECT_TRUE(events[1].has_working()) << "before there is a picture to show";
  std::erase_if(events, [](const v1::RunEvent& event) { return event.has_working(); });
  ASSERT_EQ(events.size(), 4);
  EXPECT_FALSE(events[0].started().warm());
  EXPECT_EQ(events[0].started().compute_threads(), 1);
  EXPECT_EQ(events[1].picture().request().prompt(), "a dog in the snow");
  EXPECT_EQ(events[1].picture().sha256().size(), 64);
  EXPECT_FALSE(events[1].picture().safety().scores().empty()) << "it was checked";
  EXPECT_TRUE(events[3].has_chunk_result());
  EXPECT_EQ(metrics_.images.Value(), 2);
  const v1::PictureComputation computation = registry_.uploads()[0].header.computation();
  EXPECT_EQ(computation.device(), "cpu");
  EXPECT_EQ(computation.device_model(), "a processor");
  EXPECT_EQ(computation.threads(), 1);
  EXPECT_EQ(computation.batch_places(), 2);
  EXPECT_FALSE(computation.version().empty());
}

TEST_F(SamplerEndpointTest, AChunkThatNeedsMorePlacesIsNotBegun) {
  auto request = Request("a", 1);
  request.set_batch_places(3);
  EXPECT_THAT(Start(request), Fails(absl::StatusCode::kResourceExhausted,
                                    HasSubstr("batch_places: got 3; expected at most 2")));
  request.set_batch_places(2);
  LastOf(request);
  EXPECT_EQ(registry_.uploads()[0].header.computation().batch_places(), 2);
}

TEST_F(SamplerEndpointTest, KeepsTheModelForTheNextChunk) {
  LastOf(Request("a", 1));
  const auto request = Request("b", 1);
  ASSERT_THAT(Start(request), Succeeds());
  EXPECT_TRUE(Follow(request.run()).front().started().warm());
  EXPECT_EQ(metrics_.model_loads.Value(), 1);
  EXPECT_THAT(engine_.WarmModels(), ::testing::ElementsAre(Model()->info().fingerprint));
}

TEST_F(SamplerEndpointTest, AStoppedChunkKeepsWhatIsUploaded) {
  auto request = Request("a", 500);
  const auto last = LastOf(request, [&](const v1::RunEvent& event) {
    if (!event.has_picture()) return;
    grpc::ClientContext context;
    v1::StopSamplingRequest stop;
    *stop.mutable_run() = request.run();
    stop.set_reason("enough");
    v1::StopSamplingResponse response;
    EXPECT_TRUE(stub_->Stop(&context, stop, &response).ok());
  });
  EXPECT_EQ(last.stopped().reason(), "enough");
  EXPECT_GE(registry_.uploads().size(), 1);
  EXPECT_LT(registry_.uploads().size(), 500);
}

TEST_F(SamplerEndpointTest, AChunkThatGivesWayKeepsThePicturesThatWereBegun) {
  auto request = Request("a", 500);
  const auto last = LastOf(request, [&](const v1::RunEvent& event) {
    if (!event.has_started()) return;
    EXPECT_THAT(runs_.Stop({.job = "jobs/a"}, v1::STOP_MODE_PREEMPT, "pre-empted by jobs/b"),
                Succeeds());
  });
  EXPECT_EQ(last.stopped().reason(), "pre-empted by jobs/b");
  EXPECT_FALSE(last.stopped().draining());
  EXPECT_LE(registry_.uploads().size(), 8) << "two batches at most";
}

TEST_F(SamplerEndpointTest, AChunkThatWaitsEndsSoonWhenItIsStopped) {
  auto drawn = Request("a", 500);
  auto waits = Request("b", 1);
  ASSERT_THAT(Start(drawn), Succeeds());
  ASSERT_THAT(Start(waits), Succeeds());
  EXPECT_THAT(runs_.Stop({.job = "jobs/b"}, v1::STOP_MODE_ABANDON, "cancelled"), Succeeds());
  engine_.EndStoppedWaiting();
  EXPECT_EQ(Follow(waits.run()).back().stopped().reason(), "cancelled");
  EXPECT_THAT(runs_.Stop({.job = "jobs/a"}, v1::STOP_MODE_ABANDON, "cancelled"), Succeeds());
  EXPECT_TRUE(Follow(drawn.run()).back().has_stopped());
}

TEST_F(SamplerEndpointTest, WhatIsUrgentIsDrawnFirstAndTheOtherChunkGoesOn) {
  const auto bulk = Request("bulk", 500);
  auto urgent = Request("urgent", 2);
  urgent.set_priority(v1::JOB_PRIORITY_INTERACTIVE);
  ASSERT_THAT(Start(bulk), Succeeds());
  bool asked = false;
  const auto last =
      Follow(bulk.run(), [&](const v1::RunEvent& event) {
        if (!event.has_picture() || std::exchange(asked, true)) return;
        EXPECT_EQ(LastOf(urgent).chunk_result().pictures(), 2);
        EXPECT_LT(registry_.uploads().size(), 500) << "bulk goes on";
        EXPECT_THAT(runs_.Stop({.job = "jobs/bulk"}, v1::STOP_MODE_ABANDON, "enough"), Succeeds());
      }).back();
  EXPECT_EQ(last.stopped().reason(), "enough");
}

TEST_F(SamplerEndpointTest, AChunkOfAnotherModelWaitsUntilThereIsRoomForIt) {
  const ScratchFolder scratch;
  const auto first = Request("first", 500);
  auto other = Request("other", 1);
  other.mutable_model()->set_folder(CopyOfModel(scratch));
  ASSERT_THAT(Start(first), Succeeds());
  int pictures = 0;
  Follow(first.run(), [&](const v1::RunEvent& event) {
    if (!event.has_picture()) return;
    if (++pictures == 1) {
      EXPECT_THAT(Start(other), Succeeds());
    } else if (pictures == 6) {
      EXPECT_EQ(metrics_.model_loads.Value(), 1) << "one model at a time";
      EXPECT_THAT(runs_.Stop({.job = "jobs/first"}, v1::STOP_MODE_ABANDON, "enough"), Succeeds());
    }
  });
  EXPECT_EQ(Follow(other.run()).back().chunk_result().pictures(), 1);
  EXPECT_EQ(metrics_.model_loads.Value(), 2);
}

TEST_F(SamplerEndpointTest, WhatIsLessUrgentMakesRoomForAnotherModel) {
  const ScratchFolder scratch;
  auto bulk = Request("bulk", 500);
  bulk.set_priority(v1::JOB_PRIORITY_BULK);
  auto urgent = Request("urgent", 1);
  urgent.mutable_model()->set_folder(CopyOfModel(scratch));
  urgent.set_priority(v1::JOB_PRIORITY_INTERACTIVE);
  ASSERT_THAT(Start(bulk), Succeeds());
  bool asked = false;
  const auto last = Follow(bulk.run(), [&](const v1::RunEvent& event) {
                      if (!event.has_picture() || std::exchange(asked, true)) return;
                      EXPECT_THAT(Start(urgent), Succeeds());
                    }).back();
  EXPECT_THAT(last.stopped().reason(), HasSubstr("room for the model of jobs/urgent"));
  EXPECT_LT(registry_.uploads().size(), 500);
  EXPECT_EQ(Follow(urgent.run()).back().chunk_result().pictures(), 1);
}

TEST_F(SamplerEndpointTest, AStoppedChunkDoesNotWaitForAnothersUploads) {
  registry_.refusals = 1 << 30;
  const auto drawn = Request("drawn", 500);
  const auto other = Request("other", 500);
  ASSERT_THAT(Start(drawn), Succeeds());
  ASSERT_THAT(Start(other), Succeeds());
  // The uploader holds as many as wait and two that it tries; the next picture has no room, so that
  // no further step is taken. A batch has two pictures, and each of them two steps.
  const double steps_before = 2 * (PictureUploader::kMaxWaiting + 2 + 1);
  const absl::Time patience = absl::Now() + absl::Minutes(2);
  while (metrics_.places_taken.Value() < steps_before) {
    ASSERT_LT(absl::Now(), patience);
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_THAT(runs_.Stop({.job = "jobs/other"}, v1::STOP_MODE_ABANDON, "enough"), Succeeds());
  EXPECT_EQ(Follow(other.run()).back().stopped().reason(), "enough");
  EXPECT_TRUE(registry_.uploads().empty());
  EXPECT_THAT(runs_.Stop({.job = "jobs/drawn"}, v1::STOP_MODE_ABANDON, "enough"), Succeeds());
  EXPECT_TRUE(Follow(drawn.run()).back().has_stopped());
}

TEST_F(SamplerEndpointTest, ADrainStopsEveryChunkAndSaysWhy) {
  const auto request = Request("a", 500);
  ASSERT_THAT(Start(request), Succeeds());
  const auto last = Follow(request.run(), [&](const v1::RunEvent& event) {
                      if (event.has_started()) runs_.Drain(absl::Now() + absl::Seconds(30));
                    }).back();
  EXPECT_TRUE(last.stopped().draining());
  EXPECT_EQ(Start(Request("b", 1)).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(SamplerEndpointTest, AModelWithoutASafetyCheckerIsRefused) {
  // The demo without its checker: the fingerprint is of what draws.
  const ScratchFolder scratch;
  const std::string folder = CopyOfModel(scratch);
  std::filesystem::remove_all(std::filesystem::path(folder) / "safety_checker");
  ASSERT_OK_AND_ASSIGN(const auto model, engine::BaseModel::Load(folder));
  ASSERT_FALSE(model->info().has_safety_checker);
  auto request = Request("a", 1);
  request.mutable_model()->set_folder(folder);
  request.mutable_model()->set_fingerprint(model->info().fingerprint);
  const auto last = LastOf(request);
  EXPECT_EQ(last.failure().reason(), "NO_SAFETY_CHECKER");
  EXPECT_FALSE(last.failure().retryable());
  EXPECT_THAT(last.failure().message(), HasSubstr("--no-safety-check"));
  EXPECT_TRUE(registry_.uploads().empty());
}

TEST_F(SamplerEndpointTest, FailuresSayWhatIsWrong) {
  auto request = Request("a", 1);
  request.mutable_model()->set_fingerprint("other");
  EXPECT_EQ(LastOf(request).failure().reason(), "MODEL_MISMATCH");

  request = Request("b", 2);
  request.mutable_items(1)->set_prompt(" ");
  v1::RunEvent last = LastOf(request);
  EXPECT_EQ(last.failure().reason(), "BAD_INPUT");
  EXPECT_THAT(last.failure().message(), HasSubstr("picture 2"));

  request = Request("c", 1);
  request.add_embeddings()->set_content(
      SerializeLearnedEmbedding({.token = "<x>", .vectors = 1, .width = 3, .values = {1, 2, 3}}));
  EXPECT_EQ(LastOf(request).failure().reason(), "BAD_INPUT");

  EXPECT_EQ(LastOf(Request("d", 1)).chunk_result().pictures(), 1) << "it goes on";
}

}  // namespace
}  // namespace imprint::sampler
