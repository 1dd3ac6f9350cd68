#include "engine/sampling/sampler.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "imaging/resample.h"

namespace imprint::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Parts = std::vector<std::string>;

std::shared_ptr<const BaseModel> Demo() {
  static const auto* const model = new std::shared_ptr<const BaseModel>(
      *BaseModel::Load(std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo"));
  return *model;
}

PictureRequest Request(std::string prompt, uint64_t seed, int steps = 4) {
  return {.prompt = std::move(prompt), .seed = seed, .width = 64, .height = 64, .steps = steps};
}

struct Drawn {
  absl::Status status;
  std::map<size_t, RgbImage> pictures;
  std::vector<size_t> order;
};

Drawn Draw(const std::vector<PictureRequest>& requests, int max_batch,
           const std::vector<LearnedEmbedding>& embeddings = {}, int fixed_batch = 0) {
  Drawn drawn;
  DrawHooks hooks;
  hooks.on_picture = [&](size_t index, RgbImage picture) {
    drawn.order.push_back(index);
    drawn.pictures[index] = std::move(picture);
    return absl::OkStatus();
  };
  drawn.status = Sampler::Make(Demo(), embeddings, max_batch)->Draw(requests, hooks, fixed_batch);
  return drawn;
}

int LargestDifference(const RgbImage& a, const RgbImage& b) {
  int largest = a.pixels.size() == b.pixels.size() ? 0 : 256;
  for (size_t i = 0; i < a.pixels.size() && largest < 256; ++i) {
    largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  }
  return largest;
}

double MeanDifference(const RgbImage& a, const RgbImage& b) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

TEST(Sampler, APictureDoesNotDependOnItsBatch) {
  const std::vector<PictureRequest> requests = {Request("a mascot", 1), Request("a mascot", 2),
                                                Request("a blue toy in the snow", 3)};
  const Drawn alone = Draw(requests, 1);
  const Drawn together = Draw(requests, 3);
  ASSERT_THAT(together.status, Succeeds());
  ASSERT_EQ(together.pictures.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    // Kernels round differently for other batch shapes.
    EXPECT_LE(LargestDifference(alone.pictures.at(i), together.pictures.at(i)), 1);
  }
  EXPECT_GT(LargestDifference(alone.pictures.at(0), alone.pictures.at(1)), 20);
}

TEST(Sampler, InFilledBatchesAPictureIsTheSameWhoeverIsMissing) {
  std::vector<PictureRequest> requests;
  for (uint64_t seed = 0; seed < 7; ++seed) requests.push_back(Request("a mascot", seed));
  const Drawn whole = Draw(requests, 4, {}, 4);
  const std::vector<PictureRequest> rest = {requests[1], requests[5], requests[6]};
  const Drawn again = Draw(rest, 4, {}, 4);
  ASSERT_THAT(again.status, Succeeds());
  EXPECT_EQ(again.pictures.at(0).pixels, whole.pictures.at(1).pixels);
  EXPECT_EQ(again.pictures.at(1).pixels, whole.pictures.at(5).pixels);
  EXPECT_EQ(again.pictures.at(2).pixels, whole.pictures.at(6).pixels);
}

TEST(Sampler, AFreedPlaceIsTakenAtOnce) {
  // The short picture leaves after 2 steps; the third takes its place while the first goes on.
  const Drawn drawn =
      Draw({Request("a mascot", 1, 8), Request("a mascot", 2, 2), Request("a mascot", 3, 3)}, 2);
  EXPECT_THAT(drawn.order, ElementsAre(1, 2, 0));
}

TEST(Sampler, OtherSizesAndSettingsShareARun) {
  std::vector<PictureRequest> requests = {Request("a mascot", 1), Request("a mascot", 2),
                                          Request("a mascot", 3)};
  requests[1].width = 96;
  requests[1].height = 48;
  requests[2].guidance = 1;
  const Drawn drawn = Draw(requests, 4);
  ASSERT_THAT(drawn.status, Succeeds());
  EXPECT_THAT(drawn.order, UnorderedElementsAre(0, 1, 2));
  EXPECT_EQ(drawn.pictures.at(1).width, 96);
  EXPECT_EQ(drawn.pictures.at(1).height, 48);
  EXPECT_GT(LargestDifference(drawn.pictures.at(0), drawn.pictures.at(2)), 20);
}

TEST(Sampler, ConceptsAndNegativePromptsCount) {
  // Layer norm takes any constant away: only the pattern of a vector says something.
  LearnedEmbedding embedding{"<c>", 1, 128, std::vector<float>(128, 0.1F)};
  for (size_t i = 0; i < 64; ++i) embedding.values[i] = -0.1F;
  const Drawn with = Draw({Request("<c> in the snow", 1)}, 1, {embedding});
  for (float& value : embedding.values) value = -value;
  const Drawn other = Draw({Request("<c> in the snow", 1)}, 1, {embedding});
  EXPECT_GT(LargestDifference(with.pictures.at(0), other.pictures.at(0)), 20);

  PictureRequest negative = Request("a mascot", 1);
  negative.negative_prompt = "red";
  EXPECT_GT(LargestDifference(Draw({Request("a mascot", 1)}, 1).pictures.at(0),
                              Draw({negative}, 1).pictures.at(0)),
            2);
}

TEST(Sampler, EmphasisStyleAndClipSkipCount) {
  const auto draw = [](const PictureRequest& request) {
    const Drawn drawn = Draw({request}, 1);
    EXPECT_THAT(drawn.status, Succeeds());
    return drawn.pictures.at(0);
  };
  const RgbImage plain = draw(Request("a red mascot", 1));
  EXPECT_EQ(draw(Request("a (red:1.0) mascot", 1)).pixels, plain.pixels);
  EXPECT_GT(LargestDifference(draw(Request("a (red:1.6) mascot", 1)), plain), 2);
  PictureRequest literal = Request("a (red:1.0) mascot", 1);
  literal.prompt_style = PromptStyle::kLiteral;
  EXPECT_GT(LargestDifference(draw(literal), plain), 2);
  PictureRequest skipping = Request("a red mascot", 1);
  skipping.clip_skip = 2;
  EXPECT_GT(LargestDifference(draw(skipping), plain), 2);
}

TEST(Sampler, APictureStaysNearItsSourceAsFarAsItsStrengthSays) {
  const RgbImage source = Draw({Request("a red mascot", 7)}, 1).pictures.at(0);
  const auto distance = [&](double strength) {
    PictureRequest request = Request("a blue toy in the snow", 1, 10);
    request.source = std::make_shared<const RgbImage>(source);
    request.strength = strength;
    const Drawn drawn = Draw({request}, 1);
    EXPECT_THAT(drawn.status, Succeeds());
    return MeanDifference(drawn.pictures.at(0), source);
  };
  const double near = distance(0.1);
  EXPECT_LT(near, 12);
  EXPECT_GT(distance(0.9), 2 * near);
}

TEST(Sampler, ASecondPassIsLargerAndKeepsThePicture) {
  std::vector<PictureRequest> requests;
  for (uint64_t seed = 0; seed < 5; ++seed) requests.push_back(Request("a mascot", seed, 10));
  const Drawn small = Draw(requests, 2);
  for (PictureRequest& request : requests) {
    request.upscale = 1.5;
    request.upscale_strength = 0.3;
  }
  const Drawn large = Draw(requests, 2);
  ASSERT_THAT(large.status, Succeeds());
  EXPECT_THAT(large.order, ElementsAre(0, 1, 2, 3, 4));
  for (size_t i = 0; i < requests.size(); ++i) {
    const RgbImage& picture = large.pictures.at(i);
    ASSERT_EQ(picture.width, 96);
    ASSERT_EQ(picture.height, 96);
    EXPECT_LT(MeanDifference(ResizeBicubic(picture, 64, 64), small.pictures.at(i)), 25);
  }
  // Whoever shares the batch: a picture alone is the same but for rounding.
  const Drawn alone = Draw({requests[3]}, 1);
  EXPECT_LE(LargestDifference(alone.pictures.at(0), large.pictures.at(3)), 2);
}

TEST(Sampler, LargePicturesTakeMoreThanOnePlace) {
  // Four times the pixels of the model's own: one at a time where there are four places.
  std::vector<PictureRequest> requests = {Request("a mascot", 1, 2), Request("a mascot", 2, 2)};
  for (PictureRequest& request : requests) request.width = request.height = 128;
  std::vector<int64_t> steps;
  DrawHooks hooks;
  hooks.on_step = [&](int64_t done, int64_t /*total*/) { steps.push_back(done); };
  hooks.on_picture = [](size_t, RgbImage) { return absl::OkStatus(); };
  EXPECT_THAT(Sampler::Make(Demo(), {}, 4)->Draw(requests, hooks, 4), Succeeds());
  EXPECT_THAT(steps, ElementsAre(1, 2, 3, 4));
}

TEST(Sampler, StepsOfBothPassesAreCounted) {
  PictureRequest request = Request("a mascot", 1, 10);
  request.upscale = 2;
  request.upscale_strength = 0.5;
  DrawHooks hooks;
  int64_t last = 0;
  hooks.on_step = [&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 15);
    last = done;
  };
  hooks.on_picture = [](size_t, RgbImage picture) {
    EXPECT_EQ(picture.width, 128);
    return absl::OkStatus();
  };
  EXPECT_THAT(Sampler::Make(Demo(), {}, 1)->Draw({{request}}, hooks), Succeeds());
  EXPECT_EQ(last, 15);
}

TEST(Sampler, PicturesOfDifferentContextsDoNotShareABatch) {
  std::string snow;
  for (int i = 0; i < 100; ++i) snow += "snow ";
  std::vector<PictureRequest> requests = {Request("a mascot", 1), Request(snow, 2),
                                          Request("a blue toy", 3), Request("a mascot", 4)};
  requests[3].negative_prompt = snow;
  const Drawn alone = Draw(requests, 1);
  const Drawn together = Draw(requests, 4);
  ASSERT_THAT(together.status, Succeeds());
  EXPECT_THAT(together.order, ElementsAre(0, 2, 1, 3));
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_LE(LargestDifference(alone.pictures.at(i), together.pictures.at(i)), 1);
  }
}

TEST(Sampler, AConceptsBracketsAreNoSyntax) {
  LearnedEmbedding embedding{"pip(2)", 1, 128, std::vector<float>(128, 0.1F)};
  for (size_t i = 0; i < 64; ++i) embedding.values[i] = -0.1F;
  const auto draw = [&](const std::string& prompt) {
    return Draw({Request(prompt, 1)}, 1, {embedding}).pictures.at(0);
  };
  EXPECT_EQ(draw("a pip(2) there").pixels, draw(R"(a pip\(2\) there)").pixels);
  EXPECT_GT(LargestDifference(draw("a pip(2) there"), draw("a pip (2) there")), 2);
}

TEST(Sampler, WindingDownFinishesWhatIsBegunAndBeginsNothing) {
  std::stop_source source;
  DrawHooks hooks;
  hooks.wind_down = source.get_token();
  hooks.on_step = [&](int64_t done, int64_t /*total*/) {
    if (done == 4) source.request_stop();
  };
  std::vector<size_t> finished;
  hooks.on_picture = [&](size_t index, const RgbImage&) {
    finished.push_back(index);
    return absl::OkStatus();
  };
  std::vector<PictureRequest> requests;
  for (uint64_t seed = 0; seed < 5; ++seed) requests.push_back(Request("a mascot", seed, 4));
  // One of the two that are begun has a second pass before it, which belongs to it.
  requests[1].upscale = 2;
  requests[1].upscale_strength = 0.5;
  EXPECT_THAT(Sampler::Make(Demo(), {}, 2)->Draw(requests, hooks),
              Fails(absl::StatusCode::kCancelled, HasSubstr("between pictures")));
  EXPECT_THAT(finished, ElementsAre(0, 1));
  finished.clear();
  EXPECT_THAT(Sampler::Make(Demo(), {}, 2)->Draw(std::span(requests).first(0), hooks), Succeeds());
}

TEST(Sampler, AStopEndsItBetweenSteps) {
  std::stop_source source;
  DrawHooks hooks;
  hooks.stop = source.get_token();
  int64_t last = 0;
  hooks.on_step = [&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 50);
    last = done;
    if (done >= 6) source.request_stop();
  };
  hooks.on_picture = [](size_t, RgbImage) { return absl::OkStatus(); };
  const std::vector<PictureRequest> requests = {Request("a mascot", 1, 25),
                                                Request("a mascot", 2, 25)};
  EXPECT_THAT(Sampler::Make(Demo(), {}, 2)->Draw(requests, hooks),
              Fails(absl::StatusCode::kCancelled, HasSubstr("stopped")));
  EXPECT_EQ(last, 6);
}

TEST(Sampler, ACallersErrorEndsIt) {
  DrawHooks hooks;
  hooks.on_picture = [](size_t, RgbImage) { return absl::ResourceExhaustedError("disk full"); };
  const std::vector<PictureRequest> requests = {Request("a mascot", 1, 1)};
  EXPECT_THAT(Sampler::Make(Demo(), {}, 2)->Draw(requests, hooks),
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("disk full")));
}

TEST(Sampler, NothingIsDrawnIfAnyRequestIsBad) {
  const Drawn drawn = Draw({Request("a mascot", 1), Request("", 2)}, 2);
  EXPECT_THAT(drawn.status, RefusesNaming(Parts{"picture 2", "prompt"}));
  EXPECT_TRUE(drawn.pictures.empty());
}

TEST(Sampler, EmbeddingsOfAnotherWidthAreRefused) {
  const LearnedEmbedding wide{"<mia>", 1, 1024, std::vector<float>(1024, 0.1F)};
  EXPECT_THAT(Sampler::Make(Demo(), {{wide}}, 1).status(),
              RefusesNaming(Parts{"\"<mia>\"", "1024", "Stable Diffusion 2.x", "128"}));
  EXPECT_THAT(Sampler::Make(Demo(), {}, 0).status(), RefusesNaming(Parts{"batch: got 0"}));
}

TEST(Sampler, MeasuresPrompts) {
  ASSERT_OK_AND_ASSIGN(const Sampler sampler, Sampler::Make(Demo(), {}, 1));
  const auto measure = [&](const std::string& prompt, PromptStyle style = PromptStyle::kEmphasis) {
    return *sampler.Measure(prompt, style);
  };
  EXPECT_EQ(measure("a (mascot:1.2) in the snow").tokens, 5);
  EXPECT_EQ(measure("a (mascot:1.2) in the snow", PromptStyle::kLiteral).tokens, 11);
  std::string text;
  for (int i = 0; i < 700; ++i) text += "snow ";
  EXPECT_EQ(measure(text).tokens, 700);
  EXPECT_EQ(measure(text).read, 600);
  EXPECT_THAT(sampler.Measure("(snow:1000)", PromptStyle::kEmphasis),
              RefusesNaming(Parts{"weight"}));
}

}  // namespace
}  // namespace imprint::engine
