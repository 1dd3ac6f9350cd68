#include "engine/noise/ddim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_object.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;

NoiseSchedule Schedule(absl::string_view text = "{}") {
  return *NoiseSchedule::Parse(*JsonObject::Parse(text, "scheduler_config.json"));
}

// tests/parity holds whole trajectories against Diffusers; here stands what needs no Python.
TEST(Ddim, VisitsDiffusersTimesteps) {
  EXPECT_THAT(DdimTimesteps(Schedule(), 4), ElementsAre(751, 501, 251, 1));
  EXPECT_THAT(DdimTimesteps(Schedule(R"({"timestep_spacing":"trailing"})"), 4),
              ElementsAre(999, 749, 499, 249));
  EXPECT_THAT(DdimTimesteps(Schedule(R"({"timestep_spacing":"linspace"})"), 4),
              ElementsAre(999, 666, 333, 0));
}

TEST(Ddim, EveryNumberOfStepsStaysWithinTheSchedule) {
  for (const int steps : {1, 7, 333, 999, 1000}) {
    for (const double timestep : DdimTimesteps(Schedule(), steps)) {
      EXPECT_GE(timestep, 0);
      EXPECT_LT(timestep, 1000);
    }
  }
}

// A perfect prediction leads from any noise back to the picture.
TEST(Ddim, APerfectModelFindsThePicture) {
  for (const char* config : {R"({"set_alpha_to_one": true})",
                             R"({"set_alpha_to_one": true, "prediction_type": "v_prediction"})"}) {
    const NoiseSchedule schedule = Schedule(config);
    const auto solver = MakeDdim(schedule, 10);
    NoiseSource source(1);
    const at::Tensor clean = source.Draw({1, 4, 4, 4});
    const at::Tensor noise = source.Draw({1, 4, 4, 4});
    const auto at_timestep = [](double t) { return at::tensor({static_cast<int64_t>(t)}); };
    at::Tensor latent =
        schedule.AddNoise(clean, noise, at_timestep(solver->timesteps()[0])).squeeze(0);
    for (int i = 0; i < 10; ++i) {
      const at::Tensor output =
          schedule.Target(clean, noise, at_timestep(solver->timesteps()[static_cast<size_t>(i)]));
      latent = solver->Step(i, output.squeeze(0), latent, source);
    }
    EXPECT_TRUE(at::allclose(latent, clean.squeeze(0), 1e-3, 1e-4)) << config;
  }
}

}  // namespace
}  // namespace imprint
