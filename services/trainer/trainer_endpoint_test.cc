// The agent with children that do as they are told (fake_rank.cc): whatever becomes of a child, its
// run ends with a reason and the agent goes on.
#include "services/trainer/trainer_endpoint.h"

#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "rpc/status.h"
#include "services/node/loopback_server.h"

namespace imprint::trainer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kMaxRankBytes = 200 << 20;

class TrainerEndpointTest : public ::testing::Test {
 protected:
  struct Size {
    int slots = 1;
    int pack = 1;
  };
  TrainerEndpointTest() : TrainerEndpointTest(Size()) {}
  explicit TrainerEndpointTest(Size size) : size_(size) {}
  ~TrainerEndpointTest() override {
    runs_.Close();
    pool_.Close();
    endpoint_.Join();
  }

  static v1::StartTrainingRequest Training(const std::string& job, const std::string& what,
                                           int attempt = 1) {
    v1::StartTrainingRequest request;
    request.mutable_run()->set_job("jobs/" + job);
    request.mutable_run()->set_attempt(attempt);
    request.mutable_spec()->set_class_word(what);
    request.mutable_model()->set_folder("/models/a");
    request.mutable_model()->set_fingerprint("abc");
    request.mutable_ticket()->set_registry("127.0.0.1:1");
    return request;
  }

  absl::StatusOr<v1::StartTrainingResponse> Start(const v1::StartTrainingRequest& request) {
    grpc::ClientContext context;
    SetDeadline(context, absl::Seconds(60));
    v1::StartTrainingResponse response;
    const absl::Status status = FromGrpc(stub_->Start(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::Status Stop(const v1::RunKey& key, v1::StopMode mode) {
    grpc::ClientContext context;
    SetDeadline(context, absl::Seconds(60));
    v1::StopTrainingRequest request;
    *request.mutable_run() = key;
    request.set_mode(mode);
    request.set_reason("the test asked for it");
    v1::StopTrainingResponse response;
    return FromGrpc(stub_->Stop(&context, request, &response));
  }

  // All events, to the end. `each` may act on them.
  std::vector<v1::RunEvent> Follow(const v1::RunKey& key,
                                   const std::function<void(const v1::RunEvent&)>& each = nullptr) {
    grpc::ClientContext context;
    SetDeadline(context, absl::Seconds(120));
    v1::AttachTrainingRequest request;
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

  v1::RunEvent LastOf(const v1::StartTrainingRequest& request,
                      const std::function<void(const v1::RunEvent&)>& each = nullptr) {
    EXPECT_THAT(Start(request), Succeeds());
    const auto events = Follow(request.run(), each);
    return events.empty() ? v1::RunEvent() : events.back();
  }

  // The agent still trains.
  void ExpectAlive() {
    EXPECT_TRUE(LastOf(Training(absl::StrCat("alive", ++alive_), "train")).has_training_result());
  }

  int alive_ = 0;
  ScratchFolder scratch_;
  Metrics metrics_registry_;
  TrainerMetrics metrics_{metrics_registry_};
  const Size size_;
  node::RunTable runs_{{.slots = size_.slots, .keep_patience = absl::Seconds(1)}};
  RankPool pool_{{.command = {.binary = IMPRINT_FAKE_RANK, .folder = scratch_.path()},
                  .slots = size_.slots,
                  .pack = size_.pack,
                  .threads = 3,
                  .start_patience = absl::Seconds(60)},
                 metrics_.rank_crashes};
  TrainingRunner runner_{pool_, metrics_, runs_.changes(), kMaxRankBytes};
  ModelRoots models_;
  TrainerEndpoint endpoint_{runs_, runner_, models_};
  node::LoopbackServer server_{{&endpoint_}};
  std::unique_ptr<v1::TrainerService::Stub> stub_ = v1::TrainerService::NewStub(server_.channel());
};

TEST_F(TrainerEndpointTest, StreamsATrainingFromBeginningToResult) {
  ASSERT_THAT(Start(Training("a", "train")), Succeeds());
  const auto events = Follow(Training("a", "train").run());
  ASSERT_EQ(events.size(), 5);
  EXPECT_EQ(events[0].number(), 1);
  EXPECT_EQ(events[0].started().compute_threads(), 3);
  EXPECT_EQ(events[3].progress().step(), 3);
  EXPECT_TRUE(events[4].has_training_result());
  EXPECT_EQ(metrics_.steps.Value(), 3);
}

TEST_F(TrainerEndpointTest, WhatATrainingReportsIsCounted) {
  EXPECT_TRUE(LastOf(Training("a", "report")).has_training_result());
  EXPECT_TRUE(LastOf(Training("b", "train")).has_training_result());
  EXPECT_EQ(metrics_.packed_samples.Value(), 12);
  EXPECT_EQ(metrics_.graph_failures.Value(), 1);
}

TEST_F(TrainerEndpointTest, StartingAgainStartsNothing) {
  const auto request = Training("a", "train");
  ASSERT_OK_AND_ASSIGN(const auto first, Start(request));
  EXPECT_FALSE(first.existed());
  Follow(request.run());
  ASSERT_OK_AND_ASSIGN(const auto second, Start(request));
  EXPECT_TRUE(second.existed());
  EXPECT_EQ(metrics_.steps.Value(), 3);
}

TEST_F(TrainerEndpointTest, AWarmChildServesTheNextRun) {
  const auto first = LastOf(Training("a", "train"));
  EXPECT_THAT(pool_.WarmModels(), ElementsAre("abc"));
  const auto request = Training("b", "train");
  ASSERT_THAT(Start(request), Succeeds());
  const auto events = Follow(request.run());
  EXPECT_TRUE(events.front().started().warm());
  EXPECT_EQ(events.back().training_result().embedding(), first.training_result().embedding());
  EXPECT_EQ(metrics_.model_loads.Value(), 1);
}

TEST_F(TrainerEndpointTest, ARunThatNeedsOtherThreadsGetsAnotherChild) {
  LastOf(Training("a", "train"));
  auto request = Training("b", "train");
  request.mutable_spec()->set_compute_threads(2);
  EXPECT_EQ(LastOf(request).training_result().report().compute_threads(), 2);
}

TEST_F(TrainerEndpointTest, ACrashIsAnEventWithAReason) {
  const auto last = LastOf(Training("a", "crash"));
  EXPECT_EQ(last.failure().reason(), "RANK_CRASHED");
  EXPECT_EQ(last.failure().message(), "imprint-rank was killed by signal 9 after step 3");
  EXPECT_TRUE(last.failure().retryable());
  EXPECT_EQ(metrics_.rank_crashes.Value(), 1);
  EXPECT_THAT(pool_.WarmModels(), IsEmpty());
  ExpectAlive();
}

TEST_F(TrainerEndpointTest, AnExitIsAnEventWithAReason) {
  EXPECT_EQ(LastOf(Training("a", "exit")).failure().message(),
            "imprint-rank exited with code 7 after step 3");
  ExpectAlive();
}

TEST_F(TrainerEndpointTest, AStreamThatBreaksOffIsAnEventWithAReason) {
  EXPECT_THAT(LastOf(Training("a", "break")).failure().message(), HasSubstr("broke off"));
  ExpectAlive();
}

TEST_F(TrainerEndpointTest, TooMuchMemoryIsAnEventThatNamesBothFigures) {
  const auto last = LastOf(Training("a", "grow"));
  EXPECT_EQ(last.failure().reason(), "OUT_OF_MEMORY");
  EXPECT_THAT(last.failure().message(),
              ::testing::MatchesRegex(
                  "imprint-rank uses [0-9]+ MiB of memory; --rank-memory-mb allows 200"));
  EXPECT_TRUE(last.failure().retryable());
  ExpectAlive();
}

TEST_F(TrainerEndpointTest, AChildThatDiesBetweenRunsIsReplaced) {
  const auto first = LastOf(Training("a", "train"));
  const std::string pid = first.training_result().embedding().substr(4);
  kill(std::stoi(pid), SIGKILL);
  while (!pool_.WarmModels().empty()) pool_.Tidy();
  EXPECT_EQ(metrics_.rank_crashes.Value(), 1);
  ExpectAlive();
}

// What is left of a device in a process that lost it is of no use.
TEST_F(TrainerEndpointTest, AChildThatLostItsDeviceGetsNoOtherRun) {
  const auto before = LastOf(Training("a", "train"));
  EXPECT_EQ(LastOf(Training("b", "lose")).failure().reason(), "DEVICE_LOST");
  const auto after = LastOf(Training("c", "train"));
  EXPECT_NE(after.training_result().embedding(), before.training_result().embedding());
}

TEST_F(TrainerEndpointTest, ARefusalOfTheChildReachesTheReader) {
  EXPECT_EQ(LastOf(Training("a", "refuse")).failure().reason(), "BAD_INPUT");
  ExpectAlive();
}

TEST_F(TrainerEndpointTest, StopKeepsACheckpointOrNot) {
  for (const v1::StopMode mode : {v1::STOP_MODE_CHECKPOINT, v1::STOP_MODE_ABANDON}) {
    const auto request = Training(absl::StrCat("stop", mode), "wait");
    ASSERT_THAT(Start(request), Succeeds());
    int checkpoints = 0;
    const auto events = Follow(request.run(), [&](const v1::RunEvent& event) {
      if (event.has_started()) {
        EXPECT_THAT(Stop(request.run(), mode), Succeeds());
      }
      checkpoints += event.has_checkpoint() ? 1 : 0;
    });
    EXPECT_EQ(events.back().stopped().reason(), "the test asked for it");
    EXPECT_FALSE(events.back().stopped().draining());
    EXPECT_EQ(checkpoints, mode == v1::STOP_MODE_CHECKPOINT ? 1 : 0);
  }
  // Counted just after the reader has heard it.
  while (metrics_.stopped.Value() < 2) std::this_thread::yield();
  EXPECT_EQ(metrics_.rank_crashes.Value(), 0);
}

TEST_F(TrainerEndpointTest, WhoDoesNotStopIsEnded) {
  const auto request = Training("a", "deaf");
  const auto last = LastOf(request, [&](const v1::RunEvent& event) {
    if (event.has_started()) {
      EXPECT_THAT(Stop(request.run(), v1::STOP_MODE_CHECKPOINT), Succeeds());
    }
  });
  EXPECT_THAT(last.stopped().reason(), HasSubstr("did not stop in time"));
  ExpectAlive();
}

TEST_F(TrainerEndpointTest, ALaterAttemptReplacesTheOneThatRuns) {
  const auto first = Training("a", "wait", 1);
  ASSERT_THAT(Start(first), Succeeds());
  ASSERT_THAT(Start(Training("a", "train", 2)), Succeeds());
  EXPECT_THAT(Follow(first.run()).back().stopped().reason(), HasSubstr("superseded by attempt 2"));
  EXPECT_TRUE(Follow(Training("a", "train", 2).run()).back().has_training_result());
  EXPECT_THAT(Start(Training("a", "train", 1)), Succeeds()) << "it is known, and has ended";
  // The second attempt had to have a child of its own; one of the two is not kept.
  while (pool_.living() > 1) std::this_thread::yield();
}

TEST_F(TrainerEndpointTest, ADrainEndsRunsWithACheckpointAndReadersHearIt) {
  const auto request = Training("a", "wait");
  ASSERT_THAT(Start(request), Succeeds());
  std::vector<v1::RunEvent> events;
  std::thread reader([&] {
    events = Follow(request.run(), [&](const v1::RunEvent& event) {
      if (event.has_started()) runs_.Drain(absl::Now() + absl::Seconds(30));
    });
  });
  // Drain as imprint-trainer does; the reader has begun once the table is draining.
  while (!runs_.snapshot().draining) std::this_thread::yield();
  runs_.AwaitQuiet(absl::Now() + absl::Seconds(60));
  runs_.Close();
  reader.join();
  EXPECT_TRUE(events.back().stopped().draining());
  EXPECT_EQ(Start(Training("b", "train")).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(TrainerEndpointTest, ChildrenThatCannotStartAreEventsToo) {
  for (const auto& [script, reason] :
       {std::pair("exit 1", "RANK_CRASHED"), std::pair("exec sleep 600", "RANK_NOT_READY")}) {
    const auto path = scratch_.Write("script", absl::StrCat("#!/bin/sh\n", script, "\n"));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    RankPool pool({.command = {.binary = path.string(), .folder = scratch_.path()},
                   .start_patience = absl::Seconds(2)},
                  metrics_.rank_crashes);
    TrainingRunner runner(pool, metrics_, runs_.changes(), 0);
    node::ChangeSignal node;
    node::Run run({.job = "jobs/a"}, node);
    runner.Compute(run, Training("a", "train"));
    const auto last = run.log().Read(1, absl::InfinitePast()).events.back();
    EXPECT_EQ(last->failure().reason(), reason);
    EXPECT_TRUE(last->failure().retryable());
  }
}

TEST_F(TrainerEndpointTest, RequestsThatMakeNoSenseNameTheField) {
  using Parts = std::vector<std::string>;
  EXPECT_THAT(Start({}), RefusesNaming(Parts{"run.job"}));
  auto request = Training("a", "train");
  request.mutable_run()->set_chunk(1);
  EXPECT_THAT(Start(request), RefusesNaming(Parts{"run.chunk", "0"}));
  request = Training("a", "train");
  request.clear_spec();
  EXPECT_THAT(Start(request), RefusesNaming(Parts{"spec"}));
  request = Training("a", "train");
  request.clear_model();
  EXPECT_THAT(Start(request), RefusesNaming(Parts{"model.folder"}));
  request = Training("a", "train");
  request.mutable_spec()->set_compute_threads(-1);
  EXPECT_THAT(Start(request), RefusesNaming(Parts{"spec.compute_threads", "-1"}));
  EXPECT_THAT(Stop({}, v1::STOP_MODE_ABANDON), RefusesNaming(Parts{"run.job"}));
}

TEST_F(TrainerEndpointTest, APlaceInAGangIsCheckedFieldByField) {
  using Parts = std::vector<std::string>;
  const auto refused = [&](int rank, const std::string& named,
                           const std::function<void(v1::GangPlace&)>& change) {
    auto request = Training("a", "train");
    request.mutable_run()->set_rank(rank);
    v1::GangPlace& gang = *request.mutable_gang();
    gang.set_size(3);
    gang.set_token("attempt");
    gang.set_own_host("127.0.0.1");
    if (rank > 0) {
      gang.mutable_door()->set_host("127.0.0.1");
      gang.mutable_door()->set_port(1);
    }
    change(gang);
    EXPECT_THAT(Start(request), RefusesNaming(Parts{named}));
  };
  refused(0, "gang.size: got 1", [](auto& g) { g.set_size(1); });
  refused(3, "run.rank: got 3", [](auto&) {});
  refused(0, "gang.token: got none", [](auto& g) { g.clear_token(); });
  refused(0, "gang.own_host: got none", [](auto& g) { g.clear_own_host(); });
  refused(1, "gang.door: got none", [](auto& g) { g.clear_door(); });
  refused(0, "gang.door: got one", [](auto& g) { g.mutable_door(); });
  refused(1, "gang.door.host: got none", [](auto& g) { g.mutable_door()->clear_host(); });
  refused(1, "gang.door.port: got 0", [](auto& g) { g.mutable_door()->clear_port(); });
  auto alone = Training("a", "train");
  alone.mutable_run()->set_rank(1);
  EXPECT_THAT(Start(alone), RefusesNaming(Parts{"run.rank", "1"}));
}

// Two slots, whose trainings may share a child.
class PackingTrainerTest : public TrainerEndpointTest {
 protected:
  PackingTrainerTest() : TrainerEndpointTest({.slots = 2, .pack = 2}) {}

  // Does what `body` does while the training waits in its child. Returns its end.
  v1::RunEvent EndWith(const v1::StartTrainingRequest& waiting, const std::function<void()>& body) {
    bool begun = false;
    const v1::RunEvent last = LastOf(waiting, [&](const v1::RunEvent& event) {
      if (begun || !event.has_progress()) return;
      begun = true;
      body();
    });
    EXPECT_TRUE(begun);
    return last;
  }

  // The same, and then stops the training.
  void While(const v1::StartTrainingRequest& waiting, const std::function<void()>& body) {
    EndWith(waiting, [&] {
      body();
      EXPECT_THAT(Stop(waiting.run(), v1::STOP_MODE_ABANDON), Succeeds());
    });
  }

  // What ends a training with that reason ends its neighbour, too.
  void ExpectBothToEnd(const std::string& what, const std::string& reason) {
    const v1::RunEvent last = EndWith(Training("a", "wait"), [&] {
      EXPECT_EQ(LastOf(Training("b", what)).failure().reason(), reason);
    });
    EXPECT_EQ(last.failure().reason(), reason);
    EXPECT_TRUE(last.failure().retryable());
  }

  // Returns which child a training that succeeds was in.
  std::string ChildOf(const v1::StartTrainingRequest& training) {
    const v1::RunEvent last = LastOf(training);
    EXPECT_TRUE(last.has_training_result()) << last.ShortDebugString();
    return last.training_result().embedding();
  }
};

TEST_F(PackingTrainerTest, TrainingsOfOneKindShareAChild) {
  While(Training("a", "wait"), [&] {
    const std::string child = ChildOf(Training("b", "train"));
    EXPECT_EQ(ChildOf(Training("c", "train")), child);
    EXPECT_EQ(pool_.living(), 1);
    // The first one still runs in it, and a stop is for whom it names.
    EXPECT_EQ(metrics_.stopped.Value(), 0);
  });
  EXPECT_EQ(pool_.living(), 1) << "kept for the next";
}

TEST_F(PackingTrainerTest, WhatDiffersGetsAChildOfItsOwn) {
  using Change = std::function<void(v1::StartTrainingRequest&)>;
  const Change changes[] = {
      [](auto& request) { request.mutable_model()->set_fingerprint("def"); },
      [](auto& request) { request.mutable_model()->set_folder("/models/copy-of-a"); },
      [](auto& request) { request.mutable_spec()->set_size(512); },
      [](auto& request) { request.mutable_spec()->set_precision("bf16"); },
      [](auto& request) { request.mutable_spec()->set_compute_threads(2); },
      [](auto& request) { request.set_priority(3); },
      [](auto& request) { request.set_alone(true); },
      [](auto& request) {
        request.mutable_gang()->set_size(2);
        request.mutable_gang()->set_token("t");
        request.mutable_gang()->set_own_host("127.0.0.1");
      },
  };
  int number = 0;
  for (const Change& change : changes) {
    ++number;
    While(Training(absl::StrCat("a", number), "wait"), [&] {
      const std::string child = ChildOf(Training(absl::StrCat("same", number), "train"));
      auto other = Training(absl::StrCat("other", number), "train");
      change(other);
      EXPECT_NE(ChildOf(other), child) << number;
    });
  }
}

TEST_F(PackingTrainerTest, OneThatDoesNotStopIsEndedWithoutTheOthers) {
  While(Training("a", "wait"), [&] {
    const std::string child = ChildOf(Training("same", "train"));
    const auto deaf = Training("b", "deaf");
    const auto last = LastOf(deaf, [&](const v1::RunEvent& event) {
      if (event.has_started()) {
        EXPECT_THAT(Stop(deaf.run(), v1::STOP_MODE_CHECKPOINT), Succeeds());
      }
    });
    EXPECT_TRUE(last.has_stopped()) << last.ShortDebugString();
    EXPECT_EQ(metrics_.rank_crashes.Value(), 0);
    // The child may still be busy with it.
    EXPECT_NE(ChildOf(Training("c", "train")), child);
  });
  // The first one when it was told to. An end is counted just after its follower hears of it.
  while (metrics_.stopped.Value() < 2) std::this_thread::yield();
  EXPECT_EQ(metrics_.failed.Value(), 0);
}

TEST_F(PackingTrainerTest, ACrashEndsAllInTheChildAndCountsOnce) {
  ExpectBothToEnd("crash", "RANK_CRASHED");
  EXPECT_EQ(metrics_.rank_crashes.Value(), 1);
  ExpectAlive();
}

TEST_F(PackingTrainerTest, MemoryThatRunsOutIsSaidToAllInTheChild) {
  ExpectBothToEnd("grow", "OUT_OF_MEMORY");
  ExpectAlive();
}

TEST_F(PackingTrainerTest, AChildThatMayBeDamagedKeepsItsOthersAndGetsNoMore) {
  While(Training("a", "wait"), [&] {
    const std::string child = ChildOf(Training("same", "train"));
    EXPECT_EQ(LastOf(Training("b", "lose")).failure().reason(), "DEVICE_LOST");
    EXPECT_NE(ChildOf(Training("c", "train")), child) << "where the first one still is";
  });
  EXPECT_EQ(metrics_.rank_crashes.Value(), 0);
  ExpectAlive();
}

}  // namespace
}  // namespace imprint::trainer
