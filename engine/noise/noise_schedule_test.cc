#include "engine/noise/noise_schedule.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using Parts = std::vector<std::string>;

absl::StatusOr<NoiseSchedule> Parse(absl::string_view text) {
  return NoiseSchedule::Parse(*JsonObject::Parse(text, "scheduler_config.json"));
}

// Published values of Stable Diffusion's schedule (fp32, as Diffusers computes it).
TEST(NoiseSchedule, HasStableDiffusionsValues) {
  ASSERT_OK_AND_ASSIGN(
      const NoiseSchedule schedule,
      Parse(R"({"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"})"));
  EXPECT_EQ(schedule.timesteps(), 1000);
  EXPECT_NEAR(schedule.AlphaBar(0), 0.99915, 1e-6);
  EXPECT_NEAR(schedule.AlphaBar(500), 0.276333, 1e-6);
  EXPECT_NEAR(schedule.AlphaBar(999), 0.0046601, 1e-7);
  EXPECT_EQ(schedule.prediction(), PredictionType::kEpsilon);
}

TEST(NoiseSchedule, WhatIsMissingIsAsInDiffusersClasses) {
  ASSERT_OK_AND_ASSIGN(const NoiseSchedule schedule, Parse("{}"));
  EXPECT_EQ(schedule.timesteps(), 1000);
  EXPECT_NEAR(schedule.AlphaBar(0), 1 - 0.0001, 1e-7);
  EXPECT_NEAR(schedule.AlphaBar(1), (1 - 0.0001) * (1 - 0.0001 - 0.0199 / 999), 1e-7);
}

TEST(NoiseSchedule, TakesBetasThatWereTrained) {
  ASSERT_OK_AND_ASSIGN(const NoiseSchedule schedule,
                       Parse(R"({"num_train_timesteps": 3, "trained_betas": [0.1, 0.2, 0.5]})"));
  EXPECT_NEAR(schedule.AlphaBar(2), 0.9 * 0.8 * 0.5, 1e-6);
}

TEST(NoiseSchedule, VelocityTurnsCleanAndNoiseIntoEachOther) {
  ASSERT_OK_AND_ASSIGN(const NoiseSchedule schedule,
                       Parse(R"({"prediction_type":"v_prediction"})"));
  const at::Tensor clean = at::randn({2, 4, 3, 3});
  const at::Tensor noise = at::randn({2, 4, 3, 3});
  const at::Tensor timesteps = at::tensor({int64_t{10}, int64_t{900}});
  const at::Tensor noisy = schedule.AddNoise(clean, noise, timesteps);
  const at::Tensor velocity = schedule.Target(clean, noise, timesteps);
  for (int i = 0; i < 2; ++i) {
    const double alpha = schedule.AlphaBar(timesteps[i].item<int64_t>());
    // x0 = sqrt(alpha) x_t - sqrt(1 - alpha) v
    const at::Tensor found = std::sqrt(alpha) * noisy[i] - std::sqrt(1 - alpha) * velocity[i];
    EXPECT_TRUE(at::allclose(found, clean[i], 1e-4, 1e-5));
  }
}

TEST(NoiseSchedule, EpsilonsTargetIsTheNoise) {
  ASSERT_OK_AND_ASSIGN(const NoiseSchedule schedule, Parse("{}"));
  const at::Tensor noise = at::randn({1, 4, 2, 2});
  EXPECT_TRUE(
      at::equal(schedule.Target(at::zeros_like(noise), noise, at::tensor({int64_t{3}})), noise));
}

TEST(NoiseSchedule, RefusesWhatItDoesNotKnow) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {R"({"beta_schedule": "sigmoid"})", "sigmoid"},
           {R"({"prediction_type": "flow"})", "flow"},
           {R"({"num_train_timesteps": 0})", "num_train_timesteps"},
           {R"({"num_train_timesteps": 2})", "num_train_timesteps"},
           {R"({"_class_name": "LCMScheduler"})", "LCMScheduler"},
           {R"({"rescale_betas_zero_snr": true})", "v_prediction"},
           {R"({"beta_start": -1})", "beta_start"},
           {R"({"timestep_spacing": "random"})", "random"},
           {R"({"trained_betas": [0.1]})", "1 numbers"},
           {R"({"num_train_timesteps": 3, "trained_betas": [0.1, 0.2, 1]})", "trained_betas"},
           {R"({"sigma_min": 0})", "sigma_min"},
           {R"({"final_sigmas_type": "none"})", "final_sigmas_type"}}) {
    EXPECT_THAT(Parse(text), RefusesNaming(Parts{"scheduler_config.json", part}));
  }
}

}  // namespace
}  // namespace imprint::engine
