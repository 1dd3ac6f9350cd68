// Real trainings of a step or two with the demo model.
#include "services/rank/rank_training.h"

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "services/node/loopback_server.h"
#include "services/rank/demo_training.h"
#include "services/rank/fake_registry.h"

namespace imprint::rank {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RankTrainingTest : public ::testing::Test {
 protected:
  using Events = std::vector<v1::RunEvent>;

  RankTrainingTest() { EXPECT_THAT(training_.SetThreads(1), Succeeds()); }

  v1::TrainRequest Request(int steps) const {
    return DemoRequest(steps, registry_server_.address());
  }

  v1::TrainRequest RequestOfGang(int rank) const {
    return DemoRequestOfGang(rank, 1, registry_server_.address());
  }

  // A training that goes on until it is stopped, and has no checkpoint on the way.
  v1::TrainRequest LongRequest() const {
    v1::TrainRequest request = Request(1000);
    request.mutable_spec()->set_checkpoint_every(1000);
    return request;
  }

  Events Train(const v1::TrainRequest& request,
               const std::function<void(const v1::RunEvent&)>& each = nullptr) {
    Events events;
    training_.Train(request, {.emit =
                                  [&](v1::RunEvent event) {
                                    if (each) each(event);
                                    events.push_back(std::move(event));
                                  },
                              .stop = stop_.get_token(),
                              .keep = [this] { return keep_; }});
    return events;
  }

  // The same, stopped once a step is done.
  Events TrainForAMoment(const v1::TrainRequest& request) {
    return Train(request, [this](const v1::RunEvent& event) {
      if (event.has_progress()) stop_.request_stop();
    });
  }

  // Whether the model was in memory when this training began.
  bool IsWarm(const v1::TrainRequest& request) {
    const Events events = Train(request);
    EXPECT_TRUE(events.front().has_started()) << events.front().ShortDebugString();
    return events.front().started().warm();
  }

  static int Checkpoints(const Events& events) {
    int checkpoints = 0;
    for (const v1::RunEvent& event : events) checkpoints += event.has_checkpoint() ? 1 : 0;
    return checkpoints;
  }

  FakeRegistry registry_{PlainPictures()};
  node::LoopbackServer registry_server_{{&registry_}};
  std::stop_source stop_;
  bool keep_ = true;
  RankTraining training_{{}};
};

TEST_F(RankTrainingTest, AStoppedTrainingHandsOverWhatItReached) {
  const Events events = TrainForAMoment(LongRequest());
  ASSERT_TRUE(events.back().has_stopped()) << events.back().ShortDebugString();
  ASSERT_EQ(Checkpoints(events), 1);
  const v1::RunEvent& kept = events[events.size() - 2];
  ASSERT_TRUE(kept.has_checkpoint()) << "last but one: behind the end nobody listens";
  EXPECT_GE(kept.checkpoint().step(), 1);
  v1::TrainRequest request = LongRequest();
  request.set_checkpoint(kept.checkpoint().state());
  stop_ = std::stop_source();
  const Events resumed = TrainForAMoment(request);
  ASSERT_TRUE(resumed.front().has_started()) << resumed.front().ShortDebugString();
  EXPECT_EQ(resumed.front().started().resumed_from_step(), kept.checkpoint().step());
}

TEST_F(RankTrainingTest, AnAbandonedTrainingHandsOverNothing) {
  keep_ = false;
  const Events events = TrainForAMoment(LongRequest());
  EXPECT_TRUE(events.back().has_stopped()) << events.back().ShortDebugString();
  EXPECT_EQ(Checkpoints(events), 0);
}

TEST_F(RankTrainingTest, AStopThatComesBeforeThePicturesIsNoFailure) {
  stop_.request_stop();
  const Events events = Train(LongRequest());
  ASSERT_THAT(events, Not(IsEmpty()));
  EXPECT_TRUE(events.back().has_stopped()) << events.back().ShortDebugString();
}

TEST_F(RankTrainingTest, TheLastStepIsSaidHoweverSoonItComes) {
  const Events events = Train(Request(3));
  ASSERT_GE(events.size(), 2U);
  EXPECT_TRUE(events.back().has_training_result());
  const v1::RunEvent& last_but_one = events[events.size() - 2];
  ASSERT_TRUE(last_but_one.has_progress()) << last_but_one.ShortDebugString();
  EXPECT_EQ(last_but_one.progress().step(), 3);
}

TEST_F(RankTrainingTest, TheModelStaysInMemoryForWhatNeedsTheSame) {
  v1::TrainRequest in_bf16 = Request(1);
  in_bf16.mutable_spec()->set_precision("bf16");
  EXPECT_FALSE(IsWarm(Request(1)));
  EXPECT_TRUE(IsWarm(Request(1)));
  EXPECT_FALSE(IsWarm(in_bf16)) << "in another precision it is another";
  EXPECT_TRUE(IsWarm(in_bf16));
}

TEST_F(RankTrainingTest, AModelThatIsNotTheRegisteredOneIsNotKept) {
  v1::TrainRequest other = Request(1);
  other.mutable_model()->set_fingerprint("other");
  for (int times = 0; times < 2; ++times) {
    const Events events = Train(other);
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_EQ(events.back().failure().reason(), "MODEL_MISMATCH");
  }
  EXPECT_FALSE(IsWarm(Request(1)));
}

TEST_F(RankTrainingTest, RankZeroOpensItsDoorBeforeWhatTakesItsTime) {
  v1::TrainRequest request = RequestOfGang(0);
  request.mutable_model()->set_folder("/nowhere");
  const Events events = Train(request);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events.front().door().host(), "127.0.0.1");
  EXPECT_GT(events.front().door().port(), 0);
  EXPECT_EQ(events.back().failure().reason(), "MODEL_NOT_FOUND");
}

TEST_F(RankTrainingTest, ADoorThatThisNodeCannotOpenAnotherMay) {
  v1::TrainRequest request = RequestOfGang(0);
  // Of the addresses that are nobody's: RFC 5737.
  request.mutable_gang()->set_own_host("192.0.2.1");
  const Events events = Train(request);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_TRUE(events.back().failure().retryable());
  EXPECT_THAT(events.back().failure().message(), HasSubstr("192.0.2.1"));
}

TEST_F(RankTrainingTest, TheCheckpointOfAnotherTrainingIsRefused) {
  const Events events = TrainForAMoment(LongRequest());
  v1::TrainRequest request = LongRequest();
  request.set_checkpoint(events[events.size() - 2].checkpoint().state());
  request.mutable_spec()->mutable_recipe()->set_seed(7);
  stop_ = std::stop_source();
  const Events refused = TrainForAMoment(request);
  EXPECT_EQ(refused.back().failure().reason(), "BAD_INPUT");
  EXPECT_THAT(refused.back().failure().message(), HasSubstr("checkpoint: recipe.seed: got"));
}

TEST_F(RankTrainingTest, APrecisionThatThisRankCannotRecordIsForAnotherToTry) {
  RankTraining recording(
      {.compute = {.device = ComputeDevice{DeviceKind::kCuda, 0}, .cuda_graph = true}});
  v1::TrainRequest request = Request(1);
  request.mutable_spec()->set_precision("fp16");
  Events events;
  recording.Train(request, {.emit = [&](v1::RunEvent event) { events.push_back(std::move(event)); },
                            .keep = [] { return true; }});
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_TRUE(events.back().failure().retryable());
  EXPECT_THAT(events.back().failure().message(),
              HasSubstr("precision: this rank cannot compute in fp16: cuda-graph"));
}

TEST_F(RankTrainingTest, ThreadsThatThisProcessDoesNotHaveAreRefusedBeforeTheModelIsLoaded) {
  v1::TrainRequest request = Request(1);
  request.mutable_spec()->set_compute_threads(7);
  request.mutable_model()->set_folder("/nowhere");
  const Events events = Train(request);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events.back().failure().message(),
            "spec.compute_threads: got 7; expected 0 or this process's, 1");
  request = Request(1);
  request.mutable_spec()->set_compute_threads(1);
  EXPECT_TRUE(Train(request).back().has_training_result());
}

}  // namespace
}  // namespace imprint::rank
