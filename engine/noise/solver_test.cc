#include "engine/noise/solver.h"

#include <cmath>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

NoiseSchedule ScheduleOf(const std::string& more) {
  return *NoiseSchedule::Parse(
      *JsonObject::Parse("{\"set_alpha_to_one\": true" + more + "}", "scheduler_config.json"));
}

// What a perfect model says about a latent at a level.
at::Tensor PerfectOutput(PredictionType prediction, NoiseLevel level, const at::Tensor& latent,
                         const at::Tensor& clean) {
  const double size = std::hypot(level.signal, level.deviation);
  const at::Tensor noise = (latent - level.signal * clean) / level.deviation;
  if (prediction == PredictionType::kEpsilon) return noise;
  return (level.signal * noise - level.deviation * clean) / size;
}

struct Case {
  std::string solver;
  std::string config;

  friend std::ostream& operator<<(std::ostream& out, const Case& one) {
    return out << one.solver << one.config;
  }
};

class EverySolver : public ::testing::TestWithParam<Case> {
 protected:
  NoiseSchedule schedule_ = ScheduleOf(GetParam().config);
  SolverChoice choice_ = *ParseSolver("solver", GetParam().solver);
  NoiseSource source_{1};
};

// tests/parity holds whole trajectories against Diffusers; this needs no Python: whatever the noise
// and whatever a solver adds to it, a model that knows the picture leads there.
TEST_P(EverySolver, FindsThePictureWithAPerfectModel) {
  for (const int steps : {2, 10, 20}) {
    const auto solver = MakeSolver(schedule_, choice_, steps);
    ASSERT_EQ(solver->timesteps().size(), static_cast<size_t>(Evaluations(choice_, steps)));
    const at::Tensor clean = source_.Draw({4, 4, 4});
    const NoiseLevel first = solver->LevelAt(0);
    at::Tensor latent = first.signal * clean + first.deviation * source_.Draw({4, 4, 4});
    for (int i = 0; i < Evaluations(choice_, steps); ++i) {
      const at::Tensor output =
          PerfectOutput(schedule_.prediction(), solver->LevelAt(i), latent, clean);
      latent = solver->Step(i, output, latent, source_);
    }
    EXPECT_TRUE(at::allclose(latent, clean, 1e-3, 2e-3))
        << steps << " steps: off by " << (latent - clean).abs().max().item<double>();
  }
}

TEST_P(EverySolver, TakesAsManyStepsAsItMay) {
  const int steps = MostSteps(choice_, static_cast<int>(schedule_.timesteps()));
  const auto solver = MakeSolver(schedule_, choice_, steps);
  at::Tensor latent = source_.Draw({4, 2, 2});
  for (int i = 0; i < Evaluations(choice_, steps); ++i) {
    latent = solver->Step(i, at::zeros_like(latent), latent, source_);
    ASSERT_TRUE(latent.isfinite().all().item<bool>()) << "step " << i;
  }
}

// Steps are joined later than the first when there is a picture to begin with.
TEST_P(EverySolver, MayBeginInTheMiddle) {
  const auto solver = MakeSolver(schedule_, choice_, 12);
  const at::Tensor clean = source_.Draw({4, 4, 4});
  const int begin = 5;
  const NoiseLevel level = solver->LevelAt(begin);
  at::Tensor latent = level.signal * clean + level.deviation * source_.Draw({4, 4, 4});
  for (int i = begin; i < Evaluations(choice_, 12); ++i) {
    latent =
        solver->Step(i, PerfectOutput(schedule_.prediction(), solver->LevelAt(i), latent, clean),
                     latent, source_);
  }
  EXPECT_TRUE(at::allclose(latent, clean, 1e-3, 2e-3))
      << (latent - clean).abs().max().item<double>();
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const std::string& solver : SolverNames()) {
    cases.push_back({solver, ""});
    // PNDM extrapolates outputs as if they were noise, which v is not, in Diffusers as here.
    if (solver != "pndm") cases.push_back({solver, R"(, "prediction_type": "v_prediction")"});
    // The strides of these two suit leading spacing alone.
    if (solver != "ddim" && solver != "pndm") {
      cases.push_back({solver, R"(, "timestep_spacing": "trailing")"});
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Solvers, EverySolver, ::testing::ValuesIn(Cases()), [](const auto& info) {
  return info.param.solver + "_" + std::to_string(info.index);
});

TEST(Solver, EtaAddsNoiseToDdim) {
  const NoiseSchedule schedule = ScheduleOf("");
  const auto step = [&](double eta, uint64_t seed) {
    NoiseSource source(seed);
    return MakeSolver(schedule, {}, 10, eta)
        ->Step(3, at::ones({4, 2, 2}), at::ones({4, 2, 2}), source);
  };
  EXPECT_TRUE(at::equal(step(0, 1), step(0, 2)));
  EXPECT_FALSE(at::equal(step(0.5, 1), step(0.5, 2)));
}

}  // namespace
}  // namespace imprint::engine
