// With the demo model.
#include "engine/sampling/shared_batch.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "engine/cuda/graph_of_repetition.h"
#include "engine/sampling/batch_shape.h"
#include "engine/sampling/sampler.h"

namespace imprint::engine {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kPlaces = 4;

Sampler MakeSampler(const std::vector<LearnedEmbedding>& embeddings = {}) {
  static const auto* const model = new std::shared_ptr<const BaseModel>(
      *BaseModel::Load(std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo"));
  return *Sampler::Make(*model, embeddings, kPlaces);
}

PictureRequest Request(uint64_t seed, int steps = 3) {
  return {.prompt = "a mascot", .seed = seed, .width = 64, .height = 64, .steps = steps};
}

std::vector<PictureRequest> Requests(int count, int steps = 3) {
  std::vector<PictureRequest> requests;
  for (int i = 0; i < count; ++i) requests.push_back(Request(static_cast<uint64_t>(i), steps));
  return requests;
}

// A drawing in a batch, and what becomes of it.
struct Followed {
  std::map<size_t, RgbImage> pictures;
  std::vector<int64_t> steps;  // its own, as they are reported
  std::optional<absl::Status> end;
  std::stop_source stop;
  std::stop_source wind_down;
};

// All drawings of a test write their names here as their pictures finish.
using Log = std::vector<std::string>;

std::shared_ptr<Followed> Add(SharedBatch& batch, const Sampler& sampler, DrawingOrder order,
                              const std::string& name = "", Log* log = nullptr) {
  auto followed = std::make_shared<Followed>();
  order.hooks.stop = followed->stop.get_token();
  order.hooks.wind_down = followed->wind_down.get_token();
  order.hooks.on_step = [followed](int64_t done, int64_t) { followed->steps.push_back(done); };
  if (!order.hooks.on_picture) {
    order.hooks.on_picture = [=](size_t index, RgbImage picture) {
      EXPECT_TRUE(followed->pictures.emplace(index, std::move(picture)).second) << "only once";
      if (log != nullptr) log->push_back(absl::StrCat(name, index));
      return absl::OkStatus();
    };
  }
  EXPECT_THAT(batch.Add(sampler, std::move(order),
                        [followed](const absl::Status& status) {
                          EXPECT_FALSE(followed->end) << "only once";
                          followed->end = status;
                        }),
              Succeeds());
  return followed;
}

void StepToTheEnd(SharedBatch& batch) {
  while (!batch.empty()) batch.Step();
}

// Draws with nobody beside it.
std::shared_ptr<Followed> Alone(const Sampler& sampler, const DrawingOrder& order) {
  SharedBatch batch(kPlaces);
  const auto followed = Add(batch, sampler, order);
  StepToTheEnd(batch);
  EXPECT_THAT(*followed->end, Succeeds());
  return followed;
}

class RandomDrawings {
 public:
  explicit RandomDrawings(unsigned seed) : random_(seed) {
    for (const double sign : {1.0, -1.0}) {
      LearnedEmbedding embedding{"<c>", 1, 128, {}};
      for (int i = 0; i < 128; ++i) {
        embedding.values.push_back(static_cast<float>((i < 64 ? 0.1 : -0.1) * sign));
      }
      samplers_.push_back(MakeSampler({embedding}));
    }
  }

  int Below(int end) { return std::uniform_int_distribution(0, end - 1)(random_); }

  const Sampler& Concept() { return samplers_[static_cast<size_t>(Below(2))]; }

  // Most are of one shape, so that many meet.
  DrawingOrder Order() {
    static const std::vector<std::string> solvers = {"ddim", "euler_a", "dpmpp_2m", "unipc"};
    static const std::vector<std::string> prompts = {"<c> in the snow", "a blue <c>", "a mascot"};
    const bool usual = Below(5) > 0;
    DrawingOrder order = {.fixed_batch = usual ? kPlaces : 1 + Below(kPlaces), .urgency = Below(3)};
    PictureRequest request = {.width = 64, .height = usual || Below(3) > 0 ? 64 : 48};
    if (Below(6) == 0) {
      request.upscale = 1.5;
      request.upscale_strength = 0.5;
    }
    request.solver = *ParseSolver("", solvers[static_cast<size_t>(Below(4))]);
    request.guidance = usual || Below(3) > 0 ? 5 : 1;
    const int count = 1 + Below(5);
    for (int i = 0; i < count; ++i) {
      request.prompt = prompts[static_cast<size_t>(Below(3))];
      request.seed = static_cast<uint64_t>(Below(100));
      request.steps = 2 + Below(4);
      order.requests.push_back(request);
      order.positions.push_back(Below(50));
    }
    return order;
  }

 private:
  std::mt19937 random_;
  std::vector<Sampler> samplers_;
};

TEST(SharedBatch, PicturesAreTheSameWhoeverIsBesideThem) {
  for (const unsigned seed : {1U, 2U}) {
    size_t shared_steps = 0;
    int recorded = 0;
    RandomDrawings random(seed);
    // And whether or not the network is evaluated as graphs.
    SharedBatch batch(kPlaces, seed == 1 ? nullptr : GraphsOfRepetition(recorded));
    struct Drawn {
      const Sampler& sampler;
      DrawingOrder order;
      std::shared_ptr<Followed> followed;
    };
    std::vector<Drawn> drawn;
    size_t pictures = 0;
    while (drawn.size() < 8 || !batch.empty()) {
      if (drawn.size() < 8 && (batch.empty() || random.Below(2) == 0)) {
        const Sampler& sampler = random.Concept();
        DrawingOrder order = random.Order();
        drawn.push_back({sampler, order, Add(batch, sampler, order)});
      }
      if (random.Below(25) == 0) drawn.back().followed->wind_down.request_stop();
      if (random.Below(25) == 0) drawn.front().followed->stop.request_stop();
      if (batch.Step().drawings > 1) ++shared_steps;
    }
    EXPECT_GE(shared_steps, 10U) << "many met";
    EXPECT_EQ(recorded > 0, seed == 2);
    for (const Drawn& each : drawn) {
      ASSERT_TRUE(each.followed->end);
      if (each.followed->end->ok()) {
        EXPECT_THAT(each.followed->pictures, SizeIs(each.order.requests.size()));
      } else {
        EXPECT_TRUE(absl::IsCancelled(*each.followed->end)) << *each.followed->end;
      }
      const auto alone = Alone(each.sampler, each.order);
      for (const auto& [index, picture] : each.followed->pictures) {
        EXPECT_EQ(picture.pixels, alone->pictures.at(index).pixels) << seed << ": " << index;
        ++pictures;
      }
    }
    EXPECT_GT(pictures, 8U);
  }
}

TEST(SharedBatch, PicturesOfAnotherDrawingFillItsPlaces) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(kPlaces);
  Log log;
  const auto order = [](int count) {
    return DrawingOrder{.requests = Requests(count), .fixed_batch = kPlaces};
  };
  Add(batch, sampler, order(6), "a", &log);
  Add(batch, sampler, order(2), "b", &log);
  size_t taken = 0;
  size_t places = 0;
  while (!batch.empty()) {
    const SharedBatch::StepUse use = batch.Step();
    taken += use.taken;
    places += use.places;
  }
  EXPECT_THAT(log, ElementsAre("a0", "a1", "a2", "a3", "a4", "a5", "b0", "b1"));
  EXPECT_EQ(taken, 8U * 3);
  EXPECT_EQ(places, 8U * 3) << "no place was empty";
}

TEST(SharedBatch, WhatIsUrgentStepsFirstAndNothingIsLost) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(kPlaces);
  Log log;
  const auto bulk =
      Add(batch, sampler, {.requests = Requests(4, 5), .fixed_batch = kPlaces}, "bulk ", &log);
  batch.Step();
  batch.Step();
  // Of the same shape, and of another one.
  Add(batch, sampler, {.requests = Requests(2), .fixed_batch = kPlaces, .urgency = 3}, "now ",
      &log);
  Add(batch, sampler, {.requests = Requests(1), .fixed_batch = 1, .urgency = 3}, "one ", &log);
  StepToTheEnd(batch);
  EXPECT_THAT(log, ElementsAre("now 0", "now 1", "bulk 0", "bulk 1", "one 0", "bulk 2", "bulk 3"))
      << "the batch had two places for them beside what was urgent";
  EXPECT_EQ(bulk->steps.back(), 4 * 5) << "none was taken twice";
}

TEST(SharedBatch, UrgentWorkLeavesOthersAStepNowAndThen) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(1);
  const auto bulk = Add(batch, sampler, {.requests = Requests(1, 3)});
  const auto urgent = Add(batch, sampler, {.requests = Requests(1, 40), .urgency = 1});
  std::vector<size_t> urgent_before;
  while (!batch.empty()) {
    const size_t steps = bulk->steps.size();
    batch.Step();
    if (bulk->steps.size() > steps) urgent_before.push_back(urgent->steps.size());
  }
  EXPECT_THAT(urgent_before, ElementsAre(15, 30, 40));
}

TEST(SharedBatch, SaysOnceThatGraphsCannotBeRecorded) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(kPlaces, [](const std::function<void()>&) -> std::unique_ptr<DeviceGraph> {
    throw std::runtime_error("the driver is too old");
  });
  const auto drawn = Add(batch, sampler, {.requests = Requests(1)});
  EXPECT_EQ(batch.TakeWarning(), "");
  batch.Step();
  EXPECT_THAT(batch.TakeWarning(), HasSubstr("too old"));
  StepToTheEnd(batch);
  EXPECT_EQ(batch.TakeWarning(), "");
  EXPECT_THAT(*drawn->end, Succeeds());
}

TEST(SharedBatch, NoDrawingWaitsForEver) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(1);
  // Two that are less urgent, one less than the other, and one of the urgent one's own shape.
  const auto low = Add(batch, sampler, {.requests = Requests(1, 2), .fixed_batch = 1});
  PictureRequest other = Request(1, 2);
  other.height = 48;
  const auto middle = Add(batch, sampler, {.requests = {other}, .fixed_batch = 1, .urgency = 1});
  const auto urgent = Add(batch, sampler, {.requests = Requests(50, 2), .urgency = 2});
  while (!low->end || !middle->end) batch.Step();
  EXPECT_FALSE(urgent->end);
  EXPECT_LT(urgent->steps.size(), 60U);
}

TEST(SharedBatch, AStopThatComesInAStepIsHeardInTheNext) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(kPlaces);
  std::shared_ptr<Followed> second;
  DrawingOrder first = {.requests = Requests(1, 4), .fixed_batch = kPlaces};
  first.hooks.on_begin = [&] { second->wind_down.request_stop(); };
  Add(batch, sampler, first);
  second = Add(batch, sampler, {.requests = Requests(9, 4), .fixed_batch = kPlaces});
  EXPECT_EQ(batch.Step().drawings, 2U) << "the second begins with the first";
  StepToTheEnd(batch);
  EXPECT_THAT(*second->end, Fails(absl::StatusCode::kCancelled, HasSubstr("between pictures")));
  EXPECT_THAT(second->pictures, SizeIs(3)) << "those that were begun";
}

TEST(SharedBatch, OneThatFailsHarmsNoOther) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(kPlaces);
  DrawingOrder full = {.requests = Requests(2), .fixed_batch = kPlaces};
  full.hooks.on_picture = [](size_t, RgbImage) {
    return absl::ResourceExhaustedError("disk full");
  };
  const auto failed = Add(batch, sampler, full);
  DrawingOrder wild = {.requests = Requests(1), .fixed_batch = kPlaces};
  LearnedEmbedding nan{"<nan>", 1, 128, std::vector<float>(128, std::nanf(""))};
  const Sampler sampler_of_nan = MakeSampler({nan});
  wild.requests[0].prompt = "<nan>";
  const auto wild_one = Add(batch, sampler_of_nan, wild);
  DrawingOrder good = {.requests = Requests(1), .fixed_batch = kPlaces};
  const auto drawn = Add(batch, sampler, good);
  EXPECT_EQ(batch.Step().taken, 4U) << "all side by side";
  StepToTheEnd(batch);
  EXPECT_THAT(*failed->end, Fails(absl::StatusCode::kResourceExhausted, "disk full"));
  EXPECT_THAT(*wild_one->end,
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("not numbers")));
  ASSERT_THAT(*drawn->end, Succeeds());
  EXPECT_EQ(drawn->pictures.at(0).pixels, Alone(sampler, good)->pictures.at(0).pixels);
}

TEST(SharedBatch, ABadRequestIsRefusedAndNothingAdded) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(kPlaces);
  std::vector<PictureRequest> requests = Requests(2);
  requests[1].prompt = "";
  EXPECT_THAT(batch.Add(sampler, {.requests = requests}, [](const absl::Status&) { FAIL(); }),
              RefusesNaming(std::vector<std::string>{"picture 2", "prompt"}));
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.Step().places, 0U);
}

TEST(SharedBatch, OneThatIsStoppedEndsAndOthersGoOn) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(kPlaces);
  const auto stopped = Add(batch, sampler, {.requests = Requests(2, 9), .fixed_batch = kPlaces});
  const auto other = Add(batch, sampler, {.requests = Requests(3), .fixed_batch = kPlaces});
  batch.Step();
  stopped->stop.request_stop();
  batch.Step();
  EXPECT_THAT(*stopped->end, Fails(absl::StatusCode::kCancelled, HasSubstr("stopped")));
  EXPECT_THAT(stopped->steps, ElementsAre(2)) << "not stepped again";
  StepToTheEnd(batch);
  EXPECT_THAT(*other->end, Succeeds());
  EXPECT_THAT(other->pictures, SizeIs(3));
}

TEST(SharedBatch, OneThatWindsDownFinishesWhatItHasBegunBeforeAnythingElse) {
  const Sampler sampler = MakeSampler();
  SharedBatch batch(kPlaces);
  Log log;
  const auto leaving =
      Add(batch, sampler, {.requests = Requests(9, 5), .fixed_batch = 2}, "leaving ", &log);
  batch.Step();
  Add(batch, sampler, {.requests = Requests(3), .fixed_batch = 3}, "staying ", &log);
  const auto urgent =
      Add(batch, sampler, {.requests = Requests(1), .fixed_batch = 1, .urgency = 1}, "now ", &log);
  leaving->wind_down.request_stop();
  StepToTheEnd(batch);
  EXPECT_THAT(
      log, ElementsAre("leaving 0", "leaving 1", "now 0", "staying 0", "staying 1", "staying 2"));
  EXPECT_THAT(*leaving->end, Fails(absl::StatusCode::kCancelled, HasSubstr("between pictures")));
  EXPECT_THAT(*urgent->end, Succeeds());
}

TEST(BatchPlaces, OnAGpuAPicturesPlaceFollowsFromItsPosition) {
  BatchPlaces places({.places = 3, .on_gpu = true}, kPlaces);
  PictureSlot* const slot = reinterpret_cast<PictureSlot*>(&places);
  EXPECT_TRUE(places.HasPlaceFor(4));
  places.Take(4, slot);
  EXPECT_EQ(places.at(1), slot);
  EXPECT_FALSE(places.HasPlaceFor(1));
  EXPECT_TRUE(places.HasPlaceFor(2));
  EXPECT_THAT(places.Rows(), SizeIs(3));
  EXPECT_THAT(places.Rows(), Each(slot)) << "free places repeat it";
  EXPECT_EQ(places.taken(), 1U);
}

TEST(BatchPlaces, OnAProcessorItTakesAnyPlace) {
  BatchPlaces places({.places = 2}, kPlaces);
  PictureSlot* const slot = reinterpret_cast<PictureSlot*>(&places);
  places.Take(1, slot);
  EXPECT_EQ(places.at(0), slot);
  EXPECT_TRUE(places.HasPlaceFor(3));
  places.Take(3, slot);
  EXPECT_EQ(places.at(1), slot);
  EXPECT_FALSE(places.HasPlaceFor(0));
}

TEST(BatchPlaces, ABatchOfNoFixedSizeIsAsLargeAsItsPictures) {
  BatchPlaces places({}, 2);
  PictureSlot* const slot = reinterpret_cast<PictureSlot*>(&places);
  EXPECT_THAT(places.Rows(), IsEmpty());
  places.Take(0, slot);
  EXPECT_TRUE(places.HasPlaceFor(0));
  places.Take(0, slot);
  EXPECT_FALSE(places.HasPlaceFor(1));
  EXPECT_THAT(places.Rows(), SizeIs(2));
}

}  // namespace
}  // namespace imprint::engine
