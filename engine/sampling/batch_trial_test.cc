#include "engine/sampling/batch_trial.h"

#include <filesystem>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const BaseModel> DemoModel() {
  return *BaseModel::Load(std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo");
}

// A clock by which every step takes one of these times, the last one from then on: each batch has
// an untimed step and three that are timed, of which the fastest counts.
class StepClock {
 public:
  explicit StepClock(std::vector<double> steps) : steps_(std::move(steps)) {}

  // Asked once before the first batch and, between batches, once after each; otherwise before and
  // after each step.
  double operator()() {
    const size_t asked = asked_++;
    constexpr size_t kOfABatch = 2 * 4 + 1;
    if (asked == 0) return now_;
    const size_t of_batch = (asked - 1) % kOfABatch;
    const bool after_a_step = of_batch % 2 == 1;
    if (after_a_step) {
      now_ += steps_[std::min(step_, steps_.size() - 1)];
      ++step_;
    }
    return now_;
  }

 private:
  std::vector<double> steps_;
  size_t asked_ = 0;
  size_t step_ = 0;
  double now_ = 100;
};

std::vector<int> Batches(const BatchTimes& measured) {
  std::vector<int> batches;
  for (const BatchTime& time : measured.times) batches.push_back(time.batch);
  return batches;
}

TEST(TimeBatches, DoublesWhileThatPays) {
  // Steps of 1, 2 and 4 pictures take 1, 1.2 and 2.39 s.
  const auto times = TimeBatches(
      DemoModel(),
      {.budget = 100, .seconds = StepClock({9, 1.5, 1, 2, 9, 1.2, 1.3, 1.4, 9, 3, 4, 2.39})});
  ASSERT_THAT(times, Succeeds());
  EXPECT_THAT(Batches(*times), ElementsAre(1, 2, 4));
  EXPECT_NEAR(times->times[0].seconds, 1, 1e-9) << "the fastest after the first";
  EXPECT_NEAR(times->times[1].seconds, 1.2, 1e-9);
  EXPECT_EQ(BestBatch(times->times), 2);
  EXPECT_EQ(times->largest, 32) << "not too large, only not worthwhile";
}

TEST(TimeBatches, TriesNoLargerOneThanItMay) {
  const auto times = TimeBatches(DemoModel(), {.most = 2, .seconds = StepClock({1e-3})});
  ASSERT_THAT(times, Succeeds());
  EXPECT_THAT(Batches(*times), ElementsAre(1, 2));
}

TEST(TimeBatches, KeepsToItsBudget) {
  // One picture has taken 4 s; two would take 8 more.
  const auto times = TimeBatches(DemoModel(), {.budget = 11, .seconds = StepClock({1})});
  ASSERT_THAT(times, Succeeds());
  EXPECT_THAT(Batches(*times), ElementsAre(1));
  const auto more = TimeBatches(DemoModel(), {.budget = 12, .seconds = StepClock({1})});
  ASSERT_THAT(more, Succeeds());
  EXPECT_THAT(Batches(*more), ElementsAre(1, 2));
}

TEST(BestBatch, IsTheSmallestThatIsNearlyAsFastAsTheBest) {
  EXPECT_EQ(BestBatch(std::vector<BatchTime>{{1, 1}}), 1);
  EXPECT_EQ(BestBatch(std::vector<BatchTime>{{1, 1}, {2, 2}, {4, 4}}), 1);
  EXPECT_EQ(BestBatch(std::vector<BatchTime>{{1, 1}, {2, 1}, {4, 1.98}}), 2);
  EXPECT_EQ(BestBatch(std::vector<BatchTime>{{1, 1}, {2, 1}, {4, 1.8}}), 4);
}

}  // namespace
}  // namespace imprint::engine
