#include "orders/solver_choice.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

TEST(SolverChoice, OwnNamesComeBack) {
  const std::vector<std::string> names = SolverNames();
  EXPECT_EQ(names.size(), 12);
  for (const std::string& name : names) {
    ASSERT_OK_AND_ASSIGN(const SolverChoice choice, ParseSolver("solver", name));
    EXPECT_EQ(Name(choice), name);
  }
}

TEST(SolverChoice, ReadsTheNamesOfOtherTools) {
  for (const auto& [given, name] : std::vector<std::pair<std::string, std::string>>{
           {"DPM++ 2M Karras", "dpmpp_2m_karras"},
           {"DPM++ 2M SDE", "dpmpp_2m_sde"},
           {"dpm++_2m_sde_karras", "dpmpp_2m_sde_karras"},
           {"Euler a", "euler_a"},
           {"PLMS", "pndm"},
           {"EulerAncestralDiscreteScheduler", "euler_a"},
           {"DPMSolverMultistepScheduler", "dpmpp_2m"},
           {"UniPCMultistep", "unipc"},
           {"DDIM", "ddim"}}) {
    ASSERT_OK_AND_ASSIGN(const SolverChoice choice, ParseSolver("solver", given));
    EXPECT_EQ(Name(choice), name) << given;
  }
}

TEST(SolverChoice, RefusesOthersAndSaysWhichThereAre) {
  for (const char* name : {"", "heun", "ddim_karras", "karras", "dpm", "scheduler"}) {
    EXPECT_THAT(ParseSolver("spec.solver", name),
                RefusesNaming(Parts{"spec.solver", "euler_karras", "unipc"}))
        << name;
  }
}

TEST(SolverChoice, CountsEvaluations) {
  EXPECT_EQ(Evaluations({SolverMethod::kDdim}, 25), 25);
  EXPECT_EQ(Evaluations({SolverMethod::kPndm}, 25), 26);
  EXPECT_EQ(Evaluations({SolverMethod::kPndm}, 1), 1);
  EXPECT_EQ(FirstEvaluation({SolverMethod::kDdim}, 25, 1), 0);
  EXPECT_EQ(FirstEvaluation({SolverMethod::kDdim}, 25, 0.6), 10);
  EXPECT_EQ(FirstEvaluation({SolverMethod::kDdim}, 25, 0.01), 25);
  // Its timesteps are 0 1 1 2 3 ...
  EXPECT_EQ(FirstEvaluation({SolverMethod::kPndm}, 25, 1), 0);
  EXPECT_EQ(FirstEvaluation({SolverMethod::kPndm}, 25, 0.96), 2);
  EXPECT_EQ(MostSteps({SolverMethod::kEuler}, 1000), 1000);
  EXPECT_EQ(MostSteps({SolverMethod::kUniPc}, 1000), 998);
}

}  // namespace
}  // namespace imprint
