#include "engine/training/training_run.h"

#include <atomic>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include <ATen/record_function.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/collective/collective.h"
#include "engine/collective/gang_of_threads.h"
#include "engine/cuda/graph_of_repetition.h"
#include "engine/torch/same_bits.h"
#include "engine/training/disc_training.h"

namespace imprint::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

TrainingOutcome Teach(const TrainingInput& input,
                      const std::optional<TrainingCheckpoint>& from = std::nullopt,
                      const TrainingHooks& hooks = {}) {
  auto outcome = Train(*DemoModel(), input, from, hooks);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  return outcome.ok() ? *std::move(outcome) : TrainingOutcome();
}

TEST(Train, TheSameInputGivesTheSameBytes) {
  const TrainingOutcome first = Teach(DiscTraining());
  EXPECT_TRUE(first.finished);
  EXPECT_EQ(SerializeLearnedEmbedding(first.embedding),
            SerializeLearnedEmbedding(Teach(DiscTraining()).embedding));
  TrainingInput other = DiscTraining();
  other.recipe.seed = 1;
  EXPECT_NE(first.embedding.values, Teach(other).embedding.values);
}

TEST(Train, ResumingFromAnyStepIsBitExact) {
  std::vector<TrainingCheckpoint> checkpoints;
  TrainingHooks hooks;
  hooks.checkpoint_every = 1;
  hooks.on_checkpoint = [&](const TrainingCheckpoint& checkpoint) {
    // Through bytes, as a process that was killed would find it.
    const std::string bytes = SerializeCheckpoint(checkpoint);
    checkpoints.push_back(*ParseCheckpoint(std::as_bytes(std::span(bytes)), "checkpoint"));
    return absl::OkStatus();
  };
  const TrainingOutcome whole = Teach(DiscTraining(), std::nullopt, hooks);
  ASSERT_EQ(checkpoints.size(), 5u);
  for (const TrainingCheckpoint& checkpoint : checkpoints) {
    const TrainingOutcome resumed = Teach(DiscTraining(), checkpoint);
    EXPECT_EQ(SerializeLearnedEmbedding(resumed.embedding),
              SerializeLearnedEmbedding(whole.embedding))
        << "from step " << checkpoint.step;
    EXPECT_EQ(resumed.checkpoint.losses, whole.checkpoint.losses);
  }
}

TEST(Train, AStopLeavesACheckpointThatGoesOnExactly) {
  std::stop_source source;
  TrainingHooks hooks;
  hooks.stop = source.get_token();
  hooks.on_step = [&](const TrainingProgress& progress) {
    if (progress.step == 3) source.request_stop();
  };
  const TrainingOutcome stopped = Teach(DiscTraining(), std::nullopt, hooks);
  EXPECT_FALSE(stopped.finished);
  EXPECT_EQ(stopped.checkpoint.step, 3);
  EXPECT_EQ(Teach(DiscTraining(), stopped.checkpoint).embedding.values,
            Teach(DiscTraining()).embedding.values);
}

TEST(Train, AccumulationIsAnotherWayToTheSameGradient) {
  TrainingInput at_once = DiscTraining();
  at_once.recipe.batch = 4;
  TrainingInput in_parts = DiscTraining();
  in_parts.recipe.batch = 1;
  in_parts.recipe.accumulation = 4;
  const std::vector<float> a = Teach(at_once).embedding.values;
  const std::vector<float> b = Teach(in_parts).embedding.values;
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(a[i] - b[i], 2);
    norm += std::pow(a[i], 2);
  }
  EXPECT_LT(std::sqrt(difference / norm), 1e-4);
}

TEST(Train, LearnsWhatItIsShown) {
  TrainingInput input = DiscTraining();
  input.recipe.steps = 60;
  input.recipe.batch = 4;
  const std::vector<float> losses = Teach(input).checkpoint.losses;
  const auto mean = [&](int64_t first, int64_t last) {
    return std::accumulate(losses.begin() + first, losses.begin() + last, 0.0) /
           static_cast<double>(last - first);
  };
  EXPECT_LT(mean(40, 60), mean(0, 20) * 0.95);
}

TEST(Train, TheLengthStaysWithinItsLimit) {
  TrainingInput input = DiscTraining();
  input.recipe.learning_rate = 0.2;
  input.recipe.max_growth = 1.5;
  const TrainingOutcome limited = Teach(input);
  EXPECT_LE(limited.norm, limited.first_norm * 1.5001);
  input.recipe.max_growth = 0;
  EXPECT_GT(Teach(input).norm, limited.first_norm * 1.6);
}

TEST(Train, SeveralVectorsAllLearn) {
  TrainingInput input = DiscTraining();
  input.recipe.vectors = 3;
  const TrainingOutcome outcome = Teach(input);
  ASSERT_EQ(outcome.embedding.vectors, 3);
  const auto row = [&](int i) {
    const auto begin = outcome.embedding.values.begin() + i * 128;
    return std::vector<float>(begin, begin + 128);
  };
  EXPECT_NE(row(0), row(1));  // they start alike and stand at different places
  EXPECT_NE(row(1), row(2));
}

TEST(Train, TheEmbeddingSaysWhatItIsOf) {
  const LearnedEmbedding embedding = Teach(DiscTraining()).embedding;
  EXPECT_EQ(embedding.token, "<disc>");
  EXPECT_EQ(embedding.provenance.at("imprint.base_model"), DemoModel()->info().fingerprint);
  EXPECT_EQ(embedding.provenance.at("imprint.class_word"), "mascot");
  EXPECT_EQ(embedding.provenance.at("imprint.step"), "6");
}

TEST(Train, BadInputIsRefusedByField) {
  const auto train = [](const auto& change) {
    TrainingInput input = DiscTraining();
    change(input);
    return Train(*DemoModel(), input, std::nullopt, {});
  };
  EXPECT_THAT(train([](auto& i) { i.pictures.clear(); }), RefusesNaming(Parts{"pictures", "none"}));
  EXPECT_THAT(train([](auto& i) { i.pictures[1] = RgbImage::Blank(63, 64); }),
              RefusesNaming(Parts{"pictures: 2", "63×64", "multiples of 4"}));
  EXPECT_THAT(train([](auto& i) { i.token = "mascot"; }),
              RefusesNaming(Parts{"token", "mascot", "vocabulary"}));
  EXPECT_THAT(train([](auto& i) { i.class_word = " "; }), RefusesNaming(Parts{"class_word"}));
  EXPECT_THAT(train([](auto& i) { i.templates.clear(); }), RefusesNaming(Parts{"templates"}));
  EXPECT_THAT(train([](auto& i) { i.templates = {"no place"}; }),
              RefusesNaming(Parts{"templates", "no place", "{}"}));
  EXPECT_THAT(train([](auto& i) { i.recipe.steps = 0; }), RefusesNaming(Parts{"steps: got 0"}));
}

TEST(Train, AnotherRunsCheckpointIsRefused) {
  const TrainingCheckpoint checkpoint = Teach(DiscTraining()).checkpoint;
  TrainingInput other = DiscTraining();
  other.recipe.learning_rate = 0.005;
  EXPECT_THAT(Train(*DemoModel(), other, checkpoint, {}),
              RefusesNaming(Parts{"checkpoint: recipe", "0.005"}));
  other = DiscTraining();
  other.pictures[0].pixels[5] ^= 1;
  EXPECT_THAT(Train(*DemoModel(), other, checkpoint, {}),
              RefusesNaming(Parts{"checkpoint: pictures"}));
}

TEST(Train, AFailingCheckpointEndsIt) {
  TrainingHooks hooks;
  hooks.checkpoint_every = 2;
  hooks.on_checkpoint = [](const TrainingCheckpoint&) {
    return absl::ResourceExhaustedError("disk full");
  };
  EXPECT_THAT(Train(*DemoModel(), DiscTraining(), std::nullopt, hooks),
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("disk full")));
}

// What two ranks, as threads, make of these inputs.
std::vector<absl::StatusOr<TrainingOutcome>> TrainTwo(const TrainingInput& first,
                                                      const TrainingInput& second,
                                                      const TrainingHooks& second_hooks = {},
                                                      int64_t read_every = 1) {
  std::vector<absl::StatusOr<TrainingOutcome>> outcomes(2, absl::UnknownError("not run"));
  EXPECT_THAT(RunGangOfThreads(2,
                               [&](auto joined) {
                                 ASSERT_OK_AND_ASSIGN(const auto gang, std::move(joined));
                                 const bool is_first = gang->rank() == 0;
                                 outcomes[is_first ? 0 : 1] =
                                     Train(*DemoModel(), is_first ? first : second, std::nullopt,
                                           is_first ? TrainingHooks() : second_hooks,
                                           {.gang = gang.get(), .read_every = read_every});
                               }),
              Succeeds());
  return outcomes;
}

TEST(Train, TwoRanksLearnTheSame) {
  const auto outcomes = TrainTwo(DiscTraining(), DiscTraining());
  ASSERT_THAT(outcomes[0], Succeeds());
  ASSERT_THAT(outcomes[1], Succeeds());
  EXPECT_EQ(outcomes[0]->embedding.values, outcomes[1]->embedding.values);
  EXPECT_EQ(outcomes[0]->ranks, 2);
  EXPECT_GE(outcomes[0]->collective.operations, 6);
  const TrainingOutcome alone = Teach(DiscTraining());
  for (size_t i = 0; i < alone.embedding.values.size(); ++i) {
    EXPECT_NEAR(outcomes[0]->embedding.values[i], alone.embedding.values[i], 1e-5);
  }
}

TEST(Train, RanksThatWereGivenDifferentTrainingsSaySo) {
  TrainingInput other = DiscTraining();
  other.recipe.seed = 5;
  const auto outcomes = TrainTwo(DiscTraining(), other);
  EXPECT_THAT(outcomes[1], Fails(absl::StatusCode::kFailedPrecondition,
                                 HasSubstr("rank 1 was given another training")));
  EXPECT_THAT(outcomes[0], Fails(absl::StatusCode::kUnavailable, HasSubstr("gang")));
}

TEST(Train, WhateverRankIsToldToStopAllStopAfterTheSameStep) {
  std::stop_source stop;
  TrainingHooks hooks;
  hooks.stop = stop.get_token();
  hooks.on_step = [&](const TrainingProgress& progress) {
    if (progress.step == 2) stop.request_stop();
  };
  const auto outcomes = TrainTwo(DiscTraining(), DiscTraining(), hooks);
  for (const auto& outcome : outcomes) {
    ASSERT_THAT(outcome, Succeeds());
    EXPECT_FALSE(outcome->finished);
    EXPECT_EQ(outcome->checkpoint.step, 3) << "the step in which they heard of it";
  }
}

TEST(Train, RanksThatReadSeldomStopAtAStepAtWhichAllRead) {
  std::stop_source stop;
  TrainingHooks hooks;
  hooks.stop = stop.get_token();
  // Asks for a look at the step after, too, which the other rank does not take.
  hooks.checkpoint_every = 1;
  hooks.on_checkpoint = [&](const TrainingCheckpoint& checkpoint) {
    if (checkpoint.step == 1) stop.request_stop();
    return absl::OkStatus();
  };
  const auto outcomes = TrainTwo(DiscTraining(), DiscTraining(), hooks, /*read_every=*/4);
  for (const auto& outcome : outcomes) {
    ASSERT_THAT(outcome, Succeeds());
    EXPECT_EQ(outcome->checkpoint.step, 4);
  }
}

TEST(Train, ReadingSeldomAndGraphsChangeNothing) {
  const TrainingOutcome wanted = Teach(DiscTraining());
  std::vector<int64_t> heard;
  std::vector<int64_t> kept;
  TrainingHooks hooks;
  hooks.on_step = [&](const TrainingProgress& progress) { heard.push_back(progress.step); };
  hooks.checkpoint_every = 3;
  hooks.on_checkpoint = [&](const TrainingCheckpoint& checkpoint) {
    kept.push_back(checkpoint.step);
    EXPECT_EQ(checkpoint.losses.size(), 3u);
    return absl::OkStatus();
  };
  int recorded = 0;
  ASSERT_OK_AND_ASSIGN(const TrainingOutcome ours,
                       Train(*DemoModel(), DiscTraining(), std::nullopt, hooks,
                             {.read_every = 4, .record = GraphsOfRepetition(recorded)}));
  EXPECT_EQ(SerializeLearnedEmbedding(ours.embedding), SerializeLearnedEmbedding(wanted.embedding));
  EXPECT_EQ(ours.checkpoint.losses, wanted.checkpoint.losses);
  EXPECT_THAT(heard, ElementsAre(3, 4, 6)) << "checkpoints and the last step are read, too";
  EXPECT_THAT(kept, ElementsAre(3));
  EXPECT_EQ(recorded, 1);
}

TEST(Train, GradientCheckpointingChangesNothing) {
  const TrainingOutcome wanted = Teach(DiscTraining());
  ASSERT_OK_AND_ASSIGN(const TrainingOutcome ours,
                       Train(*DemoModel(), DiscTraining(), std::nullopt, {},
                             {.compute = {.gradient_checkpointing = true}}));
  EXPECT_EQ(ours.embedding.values, wanted.embedding.values);
}

// The names of LibTorch's functions that are called while `work` runs, each as often as it is. One
// at a time.
std::multiset<std::string> FunctionsCalled(const std::function<void()>& work) {
  static absl::Mutex mutex;
  static std::multiset<std::string> called ABSL_GUARDED_BY(mutex);
  {
    const absl::MutexLock lock(&mutex);
    called.clear();
  }
  const auto handle =
      at::addGlobalCallback(at::RecordFunctionCallback([](const at::RecordFunction& function)
                                                           -> std::unique_ptr<at::ObserverContext> {
                              const absl::MutexLock lock(&mutex);
                              called.insert(function.name());
                              return nullptr;
                            }).scopes({at::RecordScope::FUNCTION}));
  work();
  at::removeCallback(handle);
  const absl::MutexLock lock(&mutex);
  return called;
}

// How often LibTorch is asked for a number in a training of so many steps.
size_t NumbersAskedFor(int steps) {
  TrainingInput input = DiscTraining();
  input.recipe.steps = steps;
  return FunctionsCalled([&] {
           EXPECT_THAT(Train(*DemoModel(), input, std::nullopt, {}, {.read_every = 100}),
                       Succeeds());
         })
      .count("aten::_local_scalar_dense");
}

// Each would be a pause of a GPU.
TEST(Train, NoStepAsksTheDeviceForANumber) {
  EXPECT_GT(NumbersAskedFor(2), 0) << "they are counted";
  EXPECT_EQ(NumbersAskedFor(9), NumbersAskedFor(2));
}

// The bits of a first call that two threads make are a matter of chance.
TEST(AskForSameBits, MakesTheFirstCallOfEachFunctionOfVectorMath) {
  const std::multiset<std::string> at_start = FunctionsCalled(AskForSameBits);
  const std::multiset<std::string> in_training = FunctionsCalled([] { Teach(DiscTraining()); });
  for (const char* function :
       {"aten::acos", "aten::asin", "aten::atan", "aten::cos", "aten::erf", "aten::erfc",
        "aten::erfinv", "aten::exp", "aten::log", "aten::log10", "aten::log2", "aten::sin",
        "aten::sqrt", "aten::tan", "aten::tanh", "aten::trunc"}) {
    EXPECT_EQ(at_start.count(function), 2u) << function << ", in both precisions";
  }
  EXPECT_GT(in_training.count("aten::exp"), 0u) << "it is called, and it is counted";
}

TEST(CheckRanks, EveryRankNeedsASample) {
  const TrainingRecipe recipe = DiscTraining().recipe;  // 2 samples a step
  EXPECT_THAT(CheckRanks(recipe, 2), Succeeds());
  EXPECT_THAT(CheckRanks(recipe, 3), RefusesNaming(Parts{"ranks: got 3", "1 to 2"}));
  EXPECT_THAT(CheckRanks(recipe, 0), RefusesNaming(Parts{"ranks: got 0"}));
}

}  // namespace
}  // namespace imprint::engine
