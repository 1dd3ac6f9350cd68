#include "engine/noise/sigma_ladder.h"

#include <cmath>

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

// Of Stable Diffusion's betas.
NoiseSchedule Schedule(const std::string& more = "") {
  return *NoiseSchedule::Parse(*JsonObject::Parse(
      R"({"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear")" + more + "}",
      "scheduler_config.json"));
}

TEST(SigmaLadder, SpansTheScheduleOfStableDiffusion) {
  const SigmaLadder ladder = EulerLadder(Schedule(), 10, /*karras=*/false);
  EXPECT_NEAR(ladder.sigmas.front(), 14.6146, 1e-3);  // the published sigma_max
  EXPECT_NEAR(ladder.sigmas[9], 0.0292, 1e-4);        // and sigma_min
  EXPECT_EQ(ladder.sigmas.back(), 0);
}

TEST(SigmaLadder, KarrasLevelsAreEvenlySpacedInTheirSeventhRoots) {
  const SigmaLadder ladder = MultistepLadder(Schedule(), 12, /*karras=*/true);
  const auto root = [&](int i) { return std::pow(ladder.now(i), 1 / 7.0); };
  for (int i = 2; i < 12; ++i) EXPECT_NEAR(root(i) - root(i - 1), root(1) - root(0), 1e-5);
  EXPECT_EQ(ladder.timesteps.front(), 999);
  EXPECT_EQ(ladder.timesteps.back(), 0);
}

TEST(SigmaLadder, EndsWhereTheConfigurationSays) {
  const SigmaLadder ladder =
      MultistepLadder(Schedule(R"(, "final_sigmas_type": "sigma_min")"), 5, /*karras=*/false);
  EXPECT_NEAR(ladder.sigmas.back(), 0.0292, 1e-4);
}

TEST(SigmaLadder, KarrasLevelsSpanWhatTheConfigurationSays) {
  const NoiseSchedule schedule = Schedule(R"(, "sigma_min": 0.1, "sigma_max": 9)");
  for (const SigmaLadder& ladder :
       {EulerLadder(schedule, 6, /*karras=*/true), MultistepLadder(schedule, 6, /*karras=*/true)}) {
    EXPECT_NEAR(ladder.sigmas.front(), 9, 1e-5);
    EXPECT_NEAR(ladder.now(5), 0.1, 1e-6);
  }
  EXPECT_NEAR(EulerLadder(schedule, 6, /*karras=*/false).sigmas.front(), 14.6146, 1e-3);
}

TEST(SigmaLadder, IsFiniteWithoutTerminalSignal) {
  const NoiseSchedule schedule =
      Schedule(R"(, "rescale_betas_zero_snr": true, "prediction_type": "v_prediction")");
  EXPECT_NEAR(EulerLadder(schedule, 4, /*karras=*/false).sigmas.front(), 4096, 1);
}

TEST(SigmaLadder, LevelsKeepTheSumOfSquares) {
  for (const double sigma : {0.0, 0.03, 1.0, 14.6}) {
    const NoiseLevel level = LevelOfSigma(sigma);
    EXPECT_NEAR(level.signal * level.signal + level.deviation * level.deviation, 1, 1e-12);
    EXPECT_NEAR(level.deviation, sigma * level.signal, 1e-12);
  }
}

}  // namespace
}  // namespace imprint::engine
