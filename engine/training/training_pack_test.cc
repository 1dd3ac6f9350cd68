#include "engine/training/training_pack.h"

#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/cuda/device_graph.h"
#include "engine/cuda/graph_of_repetition.h"
#include "engine/training/disc_training.h"

namespace imprint::engine {
namespace {

using ::testing::HasSubstr;

TrainingInput WithSeed(uint64_t seed, int steps = 4) {
  TrainingInput input = DiscTraining();
  input.recipe.seed = seed;
  input.recipe.steps = steps;
  return input;
}

TrainingOutcome Alone(const TrainingInput& input,
                      const std::optional<TrainingCheckpoint>& from = std::nullopt) {
  auto outcome = Train(*DemoModel(), input, from, {});
  EXPECT_THAT(outcome, Succeeds());
  return *std::move(outcome);
}

std::shared_ptr<PackedTraining> Join(TrainingPack& pack, const TrainingInput& input,
                                     const TrainingHooks& hooks = {},
                                     Packing packing = Packing::kTogether,
                                     const std::optional<TrainingCheckpoint>& from = std::nullopt) {
  auto joined = pack.Join(DemoModel(), input, from, hooks, packing);
  EXPECT_THAT(joined, Succeeds());
  return *std::move(joined);
}

void RunToTheEnd(TrainingPack& pack) {
  while (!pack.empty()) pack.Round();
}

// Of what was learned, relative.
double Difference(const TrainingOutcome& a, const TrainingOutcome& b) {
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < a.embedding.values.size(); ++i) {
    difference += std::pow(a.embedding.values[i] - b.embedding.values[i], 2);
    norm += std::pow(b.embedding.values[i], 2);
  }
  return std::sqrt(difference / norm);
}

TEST(TrainingPack, OneAloneGetsTheBitsOfTrain) {
  TrainingPack pack({});
  const auto member = Join(pack, DiscTraining());
  RunToTheEnd(pack);
  ASSERT_TRUE(member->ended());
  const TrainingOutcome outcome = *member->TakeOutcome();
  const TrainingOutcome wanted = Alone(DiscTraining());
  EXPECT_TRUE(outcome.finished);
  EXPECT_EQ(SerializeLearnedEmbedding(outcome.embedding),
            SerializeLearnedEmbedding(wanted.embedding));
  EXPECT_EQ(outcome.checkpoint.losses, wanted.checkpoint.losses);
  EXPECT_EQ(outcome.packed_samples, 0);
}

TEST(TrainingPack, EachLearnsWhatItLearnsAlone) {
  std::vector<TrainingInput> inputs = {WithSeed(1), WithSeed(2), WithSeed(3), WithSeed(4)};
  inputs[1].recipe.batch = 1;
  inputs[1].recipe.accumulation = 3;
  inputs[2].recipe.vectors = 3;
  inputs[2].recipe.learning_rate = 0.02;
  inputs[3].recipe.steps = 7;
  inputs[3].class_word = "dog";
  inputs[3].pictures = {Disc(20, 200)};
  TrainingPack pack({});
  std::vector<std::shared_ptr<PackedTraining>> members;
  for (const TrainingInput& input : inputs) members.push_back(Join(pack, input));
  RunToTheEnd(pack);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TrainingOutcome ours = *members[i]->TakeOutcome();
    EXPECT_LT(Difference(ours, Alone(inputs[i])), 1e-5) << i;
    EXPECT_GT(ours.packed_samples, 0) << i;
  }
}

TEST(TrainingPack, ExactOnesGetTheBitsOfTrainWhoeverIsThere) {
  TrainingPack pack({});
  const auto other = Join(pack, WithSeed(1));
  const auto exact = Join(pack, WithSeed(2), {}, Packing::kExact);
  const auto another = Join(pack, WithSeed(3));
  RunToTheEnd(pack);
  const TrainingOutcome ours = *exact->TakeOutcome();
  EXPECT_EQ(ours.embedding.values, Alone(WithSeed(2)).embedding.values);
  EXPECT_EQ(ours.packed_samples, 0);
  EXPECT_EQ(other->TakeOutcome()->packed_samples, 8) << "with the third";
}

TEST(TrainingPack, PicturesOfAnotherSizeAreComputedApart) {
  TrainingInput small = WithSeed(2);
  for (RgbImage& picture : small.pictures) picture = RgbImage::Blank(32, 32, 100);
  TrainingPack pack({});
  const auto one = Join(pack, WithSeed(1));
  const auto other = Join(pack, small);
  RunToTheEnd(pack);
  EXPECT_EQ(one->TakeOutcome()->packed_samples, 0);
  EXPECT_EQ(other->TakeOutcome()->embedding.values, Alone(small).embedding.values);
}

// Neighbours come and go at random; some are stopped on the way and go on later.
TEST(TrainingPack, WhoeverComesAndGoesEachLearnsWhatItLearnsAlone) {
  struct Run {
    TrainingInput input;
    std::stop_source stop;
    std::shared_ptr<PackedTraining> member;
  };
  std::mt19937 random(7);
  const auto up_to = [&](uint32_t most) { return static_cast<int>(random() % most) + 1; };
  TrainingPack pack({});
  std::vector<Run> runs;
  for (int round = 0; round < 24 || !pack.empty(); ++round) {
    if (round < 24 && random() % 3 == 0) {
      Run run = {.input = WithSeed(static_cast<uint64_t>(round), up_to(5))};
      run.input.recipe.batch = up_to(2);
      run.input.recipe.vectors = up_to(2);
      run.member = Join(pack, run.input, {.stop = run.stop.get_token()});
      runs.push_back(std::move(run));
    }
    if (!runs.empty() && random() % 8 == 0) runs[random() % runs.size()].stop.request_stop();
    pack.Round();
  }
  ASSERT_GT(runs.size(), 5U);
  int stopped = 0;
  for (const Run& run : runs) {
    TrainingOutcome ours = *run.member->TakeOutcome();
    if (!ours.finished) {
      ++stopped;
      ours = Alone(run.input, ours.checkpoint);
    }
    EXPECT_LT(Difference(ours, Alone(run.input)), 1e-5) << run.input.recipe.seed;
  }
  EXPECT_GT(stopped, 0);
}

TEST(TrainingPack, OneThatFailsHarmsNoOther) {
  TrainingCheckpoint diverged = Alone(WithSeed(1)).checkpoint;
  diverged.step = 1;
  diverged.losses.resize(1);
  diverged.rows[0] = INFINITY;
  TrainingHooks full_disk;
  full_disk.checkpoint_every = 1;
  full_disk.on_checkpoint = [](const TrainingCheckpoint&) {
    return absl::ResourceExhaustedError("disk full");
  };
  TrainingPack pack({});
  const auto sound = Join(pack, WithSeed(2));
  const auto first = Join(pack, WithSeed(1), {}, Packing::kTogether, diverged);
  const auto second = Join(pack, WithSeed(3), full_disk);
  pack.Round();
  TrainingInput wrong = WithSeed(4);
  wrong.class_word = " ";
  EXPECT_THAT(pack.Join(DemoModel(), wrong, std::nullopt, {}, Packing::kTogether),
              Fails(absl::StatusCode::kInvalidArgument, HasSubstr("class_word")));
  RunToTheEnd(pack);
  EXPECT_THAT(first->TakeOutcome(),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("learning_rate")));
  EXPECT_THAT(second->TakeOutcome(),
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("disk full")));
  EXPECT_LT(Difference(*sound->TakeOutcome(), Alone(WithSeed(2))), 1e-5);
}

// Throws the error of LibTorch.
template <typename Error>
[[noreturn]] void Throw() {
  throw Error(c10::SourceLocation{__func__, __FILE__, __LINE__}, "no more");
}

// A graph whose replay fails while the condition says so.
template <typename Error>
class FailingGraph final : public DeviceGraph {
 public:
  FailingGraph(std::function<void()> work, std::function<bool()> fails)
      : work_(std::move(work)), fails_(std::move(fails)) {}
  void Replay() override {
    if (fails_()) Throw<Error>();
    work_();
  }

 private:
  const std::function<void()> work_;
  const std::function<bool()> fails_;
};

template <typename Error>
RecordGraph FailingWhile(int& recorded, const std::function<bool()>& fails) {
  return [&recorded, fails](const std::function<void()>& work) {
    ++recorded;
    work();
    return std::make_unique<FailingGraph<Error>>(work, fails);
  };
}

// As on a GPU, whose memory a graph takes when it is recorded.
TEST(TrainingPack, BatchesAreHalvedWhereMemoryRunsOut) {
  int recorded = 0;
  const RecordGraph graphs = GraphsOfRepetition(recorded);
  bool is_short = true;
  TrainingPack pack({.record = [&](const std::function<void()>& work) {
    if (std::exchange(is_short, false)) Throw<c10::OutOfMemoryError>();
    return graphs(work);
  }});
  std::vector<std::shared_ptr<PackedTraining>> members;
  for (uint64_t seed = 0; seed < 4; ++seed) members.push_back(Join(pack, WithSeed(seed)));
  pack.Round();
  EXPECT_FALSE(is_short);
  EXPECT_EQ(recorded, 1) << "both halves by one graph";
  EXPECT_THAT(pack.TakeWarning(), HasSubstr("8 samples of 4 trainings"));
  EXPECT_EQ(pack.TakeWarning(), "") << "said once";
  RunToTheEnd(pack);
  EXPECT_EQ(recorded, 1) << "no more than fits was tried again";
  for (uint64_t seed = 0; seed < 4; ++seed) {
    const TrainingOutcome ours = *members[seed]->TakeOutcome();
    EXPECT_LT(Difference(ours, Alone(WithSeed(seed))), 1e-5);
    EXPECT_EQ(ours.graph_failure, "");
  }
}

TEST(TrainingPack, WhileOneJoinsTheOthersSayThatTheyWork) {
  TrainingPack pack({});
  int said = 0;
  const auto one = Join(pack, WithSeed(1, 1), {.on_work = [&] { ++said; }});
  const int before = said;
  EXPECT_GT(before, 0) << "its own pictures";
  const auto other = Join(pack, WithSeed(2, 1));
  EXPECT_GT(said, before);
  RunToTheEnd(pack);
}

TEST(TrainingPack, OneThatDoesNotFitEvenAloneEndsAloneInTheEnd) {
  int recorded = 0;
  TrainingPack pack({.record = FailingWhile<c10::OutOfMemoryError>(recorded, [] { return true; })});
  const auto one = Join(pack, WithSeed(1));
  const auto other = Join(pack, WithSeed(2));
  pack.Round();
  EXPECT_TRUE(pack.empty());
  EXPECT_THAT(one->TakeOutcome(), Fails(absl::StatusCode::kResourceExhausted, HasSubstr("memory")));
  EXPECT_THAT(other->TakeOutcome(),
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("memory")));
}

TEST(TrainingPack, AnErrorOfTheBatchIsThatOfWhoCausesIt) {
  int recorded = 0;
  // Three together, one alone, two together, then these two one by one.
  TrainingPack pack({.record = FailingWhile<c10::Error>(
                         recorded, [&] { return recorded == 1 || recorded == 2; })});
  const auto culprit = Join(pack, WithSeed(1));
  const auto second = Join(pack, WithSeed(2));
  const auto third = Join(pack, WithSeed(3));
  RunToTheEnd(pack);
  EXPECT_THAT(culprit->TakeOutcome(), Fails(absl::StatusCode::kInternal, HasSubstr("no more")));
  EXPECT_LT(Difference(*second->TakeOutcome(), Alone(WithSeed(2))), 1e-5);
  EXPECT_LT(Difference(*third->TakeOutcome(), Alone(WithSeed(3))), 1e-5);
  EXPECT_EQ(pack.TakeWarning(), "");
}

TEST(TrainingPack, WithoutTheGraphThatCannotBeRecordedAllGoOn) {
  TrainingPack pack({.record = [](const std::function<void()>&) -> std::unique_ptr<DeviceGraph> {
    throw std::runtime_error("the driver is too old");
  }});
  const auto one = Join(pack, WithSeed(1));
  const auto other = Join(pack, WithSeed(2));
  pack.Round();
  EXPECT_THAT(pack.TakeWarning(), HasSubstr("too old"));
  RunToTheEnd(pack);
  EXPECT_EQ(pack.TakeWarning(), "") << "said once";
  const TrainingOutcome ours = *one->TakeOutcome();
  EXPECT_THAT(ours.graph_failure, HasSubstr("too old"));
  EXPECT_THAT(other->TakeOutcome()->graph_failure, HasSubstr("too old"));
  EXPECT_LT(Difference(ours, Alone(WithSeed(1))), 1e-5);
}

TEST(TrainingPack, AnotherModelJoinsOnlyWhenAllHaveEnded) {
  const std::shared_ptr<const BaseModel> again =
      *BaseModel::Load(std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo");
  TrainingPack pack({});
  const auto one = Join(pack, WithSeed(1, 1));
  const auto join = [&] {
    return pack.Join(again, WithSeed(2, 1), std::nullopt, {}, Packing::kTogether);
  };
  EXPECT_THAT(join(), Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("another")));
  RunToTheEnd(pack);
  EXPECT_THAT(join(), Succeeds());
}

}  // namespace
}  // namespace imprint::engine
