// Real trainings of a few steps with the demo model.
#include "services/rank/rank_endpoint.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/training/training_run.h"
#include "imaging/decode.h"
#include "imaging/fit.h"
#include "rpc/status.h"
#include "services/node/loopback_server.h"
#include "services/rank/rank_fixture.h"
#include "services/rank/training_order.h"

namespace imprint::rank {
namespace {

using ::testing::HasSubstr;

// The pictures of the demo's concept, as the registry prepares them.
const std::vector<RgbImage>& Pictures() {
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

class RankEndpointTest : public RankFixture {
 protected:
  RankEndpointTest() : RankFixture(Pictures()) {}
};

TEST_F(RankEndpointTest, TeachesWhatTheEngineTeaches) {
  const Trained trained = Train(Request(4));
  ASSERT_THAT(trained.status, Succeeds());
  const v1::TrainingResult& result = trained.last().training_result();

  const engine::TrainingInput input =
      engine::TrainingInput::From(ParseTrainingSpec(Request(4).spec())->settings, Pictures());
  ASSERT_OK_AND_ASSIGN(const engine::TrainingOutcome outcome,
                       engine::Train(DemoModel(), input, std::nullopt, {}));
  EXPECT_EQ(result.embedding(), SerializeLearnedEmbedding(outcome.embedding));
  EXPECT_EQ(result.steps(), 4);
  EXPECT_EQ(result.losses_size(), 4);
  EXPECT_GT(result.final_loss(), 0);
  EXPECT_EQ(result.report().compute_threads(), 1);
}

TEST_F(RankEndpointTest, SaysWhatHappensOnTheWay) {
  const Trained trained = Train(Request(5));
  ASSERT_TRUE(trained.events.front().has_started());
  EXPECT_FALSE(trained.events.front().started().warm());
  std::vector<int64_t> checkpoints;
  v1::TrainingProgress newest;
  for (const v1::RunEvent& event : trained.events) {
    if (event.has_checkpoint()) checkpoints.push_back(event.checkpoint().step());
    if (event.has_progress()) newest = event.progress();
  }
  EXPECT_THAT(checkpoints, ::testing::ElementsAre(2, 4));
  EXPECT_EQ(newest.step(), 5);
  EXPECT_EQ(newest.steps(), 5);
  EXPECT_GT(newest.seconds_per_step(), 0);
}

TEST_F(RankEndpointTest, KeepsTheModelForTheNext) {
  Train(Request(1));
  EXPECT_TRUE(Train(Request(1)).events.front().started().warm());
}

TEST_F(RankEndpointTest, AStoppedTrainingGoesOnToTheSameBytes) {
  const Trained whole = Train(Request(40));
  ASSERT_TRUE(whole.last().has_training_result());
  std::string checkpoint;
  const Trained stopped = Train(Request(40), [&](const v1::RunEvent& event) {
    if (event.has_checkpoint() && checkpoint.empty()) {
      EXPECT_THAT(Stop(v1::STOP_MODE_CHECKPOINT), Succeeds());
    }
    if (event.has_checkpoint()) checkpoint = event.checkpoint().state();
  });
  ASSERT_TRUE(stopped.last().has_stopped());
  v1::TrainRequest request = Request(40);
  request.set_checkpoint(checkpoint);
  const Trained resumed = Train(request);
  const int64_t resumed_from = resumed.events.front().started().resumed_from_step();
  EXPECT_GE(resumed_from, 2);
  EXPECT_LT(resumed_from, 40);
  ASSERT_TRUE(resumed.events[1].has_progress());
  EXPECT_EQ(resumed.events[1].progress().step(), resumed_from + 1);
  EXPECT_EQ(resumed.last().training_result().embedding(),
            whole.last().training_result().embedding());
}

TEST_F(RankEndpointTest, AnAbandonedTrainingKeepsNothing) {
  v1::TrainRequest request = Request(100'000);
  request.mutable_spec()->set_checkpoint_every(100'000);
  const Trained trained = Train(request, [&](const v1::RunEvent& event) {
    if (event.has_started()) {
      EXPECT_THAT(Stop(v1::STOP_MODE_ABANDON), Succeeds());
    }
    EXPECT_FALSE(event.has_checkpoint());
  });
  EXPECT_TRUE(trained.last().has_stopped());
}

// The other rank of a gang of two: another process elsewhere, here another endpoint.
TEST_F(RankEndpointTest, TwoRanksTeachTogetherAndTheFirstHasTheResult) {
  RankEndpoint second;
  ASSERT_THAT(second.SetThreads(1), Succeeds());
  node::LoopbackServer second_server({&second});
  std::vector<v1::RunEvent> of_second;
  std::jthread other;
  const Trained first = Train(RequestOfGang(0), [&](const v1::RunEvent& event) {
    if (!event.has_door()) return;
    EXPECT_EQ(event.door().host(), "127.0.0.1");
    v1::TrainRequest request = RequestOfGang(1);
    *request.mutable_gang()->mutable_door() = event.door();
    other = std::jthread([&, request] {
      grpc::ClientContext context;
      const auto stub = v1::RankService::NewStub(second_server.channel());
      const auto stream = stub->Train(&context, request);
      for (v1::RunEvent each; stream->Read(&each);) of_second.push_back(each);
      EXPECT_THAT(FromGrpc(stream->Finish()), Succeeds());
    });
  });
  ASSERT_TRUE(other.joinable());
  other.join();
  ASSERT_TRUE(first.last().has_training_result()) << first.last().ShortDebugString();
  EXPECT_EQ(first.last().training_result().report().ranks(), 2);
  EXPECT_GT(first.last().training_result().report().collective_bytes(), 0);
  ASSERT_FALSE(of_second.empty());
  EXPECT_TRUE(of_second.back().has_rank_done()) << of_second.back().ShortDebugString();
  for (const v1::RunEvent& event : of_second) EXPECT_FALSE(event.has_checkpoint());

  v1::TrainRequest alone = Request(6);
  alone.mutable_spec()->mutable_recipe()->set_batch(2);
  const Trained whole = Train(alone);
  const auto losses = whole.last().training_result().losses();
  for (int i = 0; i < losses.size(); ++i) {
    EXPECT_NEAR(first.last().training_result().losses(i), losses[i], 1e-5 * losses[i]);
  }
}

TEST_F(RankEndpointTest, ARankThatWaitsForTheOthersHearsAStop) {
  const absl::Time begun = absl::Now();
  const Trained trained = Train(RequestOfGang(0), [&](const v1::RunEvent& event) {
    if (!event.has_door()) return;
    EXPECT_THAT(Stop(v1::STOP_MODE_CHECKPOINT), Succeeds());
  });
  EXPECT_TRUE(trained.last().has_stopped()) << trained.last().ShortDebugString();
  EXPECT_LT(absl::Now() - begun, absl::Seconds(30)) << "the others never come";
}

TEST_F(RankEndpointTest, ARankThatKnowsNoDoorSaysSo) {
  v1::TrainRequest request = RequestOfGang(1);
  EXPECT_THAT(Train(request).last().failure().message(), HasSubstr("gang.door: got none"));
}

TEST_F(RankEndpointTest, OneTrainingAtATime) {
  v1::TrainRequest request = Request(100'000);
  Train(request, [&](const v1::RunEvent& event) {
    if (!event.has_started()) return;
    EXPECT_THAT(Train(Request(1)).status,
                Fails(absl::StatusCode::kResourceExhausted, HasSubstr("runs already")));
    EXPECT_THAT(Stop(v1::STOP_MODE_ABANDON), Succeeds());
  });
  EXPECT_THAT(Stop(v1::STOP_MODE_ABANDON),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("no such training")));
}

TEST_F(RankEndpointTest, ACallThatIsCancelledAbandonsItsTraining) {
  grpc::ClientContext context;
  const auto stream = stub_->Train(&context, Request(100'000));
  v1::RunEvent event;
  ASSERT_TRUE(stream->Read(&event));
  context.TryCancel();
  stream->Finish();
  // As soon as it has noticed, the next training is taken.
  Trained next;
  do {
    next = Train(Request(1));
  } while (absl::IsResourceExhausted(next.status));
  EXPECT_TRUE(next.last().has_training_result());
}

TEST_F(RankEndpointTest, FailuresSayWhatIsWrong) {
  const auto failure = [&](const std::function<void(v1::TrainRequest&)>& change) {
    v1::TrainRequest request = Request(1);
    change(request);
    return Train(request).last().failure();
  };
  v1::Failure seen = failure([](auto& r) { r.mutable_model()->set_fingerprint("other"); });
  EXPECT_EQ(seen.reason(), "MODEL_MISMATCH");
  EXPECT_FALSE(seen.retryable());
  EXPECT_THAT(seen.message(), HasSubstr(DemoModel().info().fingerprint));

  seen = failure([](auto& r) { r.mutable_model()->set_folder("/nowhere"); });
  EXPECT_EQ(seen.reason(), "MODEL_NOT_FOUND");

  seen = failure([](auto& r) { r.mutable_ticket()->set_token("old"); });
  EXPECT_EQ(seen.reason(), "TICKET_VOID");
  EXPECT_FALSE(seen.retryable());

  seen = failure([](auto& r) { r.mutable_spec()->set_token("dog"); });
  EXPECT_EQ(seen.reason(), "BAD_INPUT");
  EXPECT_THAT(seen.message(), HasSubstr("token"));

  seen = failure([](auto& r) { r.set_checkpoint("no checkpoint"); });
  EXPECT_EQ(seen.reason(), "BAD_INPUT");
  EXPECT_THAT(seen.message(), HasSubstr("checkpoint"));

  seen = failure([](auto& r) { r.mutable_spec()->set_compute_threads(7); });
  EXPECT_THAT(seen.message(), HasSubstr("compute_threads"));
}

}  // namespace
}  // namespace imprint::rank
