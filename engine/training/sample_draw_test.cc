#include "engine/training/sample_draw.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

constexpr DrawSpace kSpace = {.seed = 5,
                              .samples_per_step = 4,
                              .pictures = 5,
                              .templates = 24,
                              .timesteps = 1000,
                              .flip = true};

SampleDraw Draw(const DrawSpace& space, int64_t step, int64_t sample) {
  return DrawSample(space, step, sample, {4, 8, 8});
}

TEST(SampleDraw, IsAFunctionOfSeedStepAndSample) {
  const SampleDraw a = Draw(kSpace, 17, 2);
  Draw(kSpace, 99, 1);
  const SampleDraw b = Draw(kSpace, 17, 2);
  EXPECT_EQ(a.timestep, b.timestep);
  EXPECT_TRUE(at::equal(a.noise, b.noise));
  EXPECT_TRUE(at::equal(a.latent_noise, b.latent_noise));
  EXPECT_FALSE(at::equal(a.noise, a.latent_noise));
  EXPECT_FALSE(at::equal(a.noise, Draw(kSpace, 17, 3).noise));
  EXPECT_FALSE(at::equal(a.noise, Draw(kSpace, 18, 2).noise));
  DrawSpace other = kSpace;
  other.seed = 6;
  EXPECT_FALSE(at::equal(a.noise, Draw(other, 17, 2).noise));
}

TEST(SampleDraw, EveryPictureComesOnceBeforeAnyComesAgain) {
  std::map<int64_t, int> seen;
  for (int64_t count = 0; count < 100; ++count) {
    ++seen[Draw(kSpace, count / 4, count % 4).picture];
    if ((count + 1) % 5 == 0) {
      for (int64_t picture = 0; picture < 5; ++picture) {
        EXPECT_EQ(seen[picture], (count + 1) / 5);
      }
    }
  }
}

TEST(SampleDraw, AStepsTimestepsCoverTheRange) {
  for (int64_t step = 0; step < 50; ++step) {
    std::set<int64_t> strata;
    for (int64_t sample = 0; sample < 4; ++sample) {
      const int64_t timestep = Draw(kSpace, step, sample).timestep;
      ASSERT_GE(timestep, 0);
      ASSERT_LT(timestep, 1000);
      strata.insert(timestep / 250);
    }
    EXPECT_EQ(strata.size(), 4u);
  }
}

TEST(SampleDraw, NoiseIsStandardNormal) {
  const SampleDraw draw = DrawSample(kSpace, 3, 1, {4, 64, 64});
  EXPECT_NEAR(draw.noise.mean().item<double>(), 0, 0.03);
  EXPECT_NEAR(draw.noise.std().item<double>(), 1, 0.03);
  EXPECT_NEAR(draw.noise.pow(4).mean().item<double>(), 3, 0.3);
}

TEST(SampleDraw, FlipsAreHalfOrNone) {
  DrawSpace space = kSpace;
  int flips = 0;
  for (int64_t step = 0; step < 250; ++step) {
    for (int64_t sample = 0; sample < 4; ++sample) flips += Draw(space, step, sample).flipped;
  }
  EXPECT_NEAR(flips, 500, 80);
  space.flip = false;
  for (int64_t step = 0; step < 50; ++step) EXPECT_FALSE(Draw(space, step, 0).flipped);
}

TEST(SampleDraw, FlipsOffChangeNothingElse) {
  DrawSpace still = kSpace;
  still.flip = false;
  const SampleDraw a = Draw(kSpace, 8, 1);
  const SampleDraw b = Draw(still, 8, 1);
  EXPECT_EQ(a.caption, b.caption);
  EXPECT_TRUE(at::equal(a.noise, b.noise));
}

}  // namespace
}  // namespace imprint::engine
