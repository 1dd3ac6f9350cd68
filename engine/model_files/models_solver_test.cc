#include "engine/model_files/models_solver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

JsonObject Config(absl::string_view text) {
  return *JsonObject::Parse(text, "scheduler_config.json");
}

// Of a configuration that is ours as it is.
std::string Own(absl::string_view text) {
  const ModelsSolver solver = SolverOf(Config(text));
  return solver.instead.empty() ? Name(solver.choice) : solver.instead;
}

TEST(ModelsSolver, IsInTheConfiguration) {
  EXPECT_EQ(Own(R"({"_class_name": "PNDMScheduler", "skip_prk_steps": true})"), "pndm");
  EXPECT_EQ(Own(R"({"_class_name": "DPMSolverMultistepScheduler",
                    "algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": true})"),
            "dpmpp_2m_sde_karras");
  EXPECT_EQ(Own(R"({"_class_name": "DDIMScheduler", "use_karras_sigmas": true})"), "ddim");
  EXPECT_EQ(Own(R"({"_class_name": "UniPCMultistepScheduler", "solver_order": 2})"), "unipc");
}

TEST(ModelsSolver, FieldsOfAnotherClassDoNotCount) {
  for (const char* config :
       {R"({"_class_name": "DDIMScheduler", "use_beta_sigmas": true, "solver_order": 3})",
        R"({"_class_name": "EulerDiscreteScheduler", "thresholding": true, "solver_p": 1})",
        R"({"_class_name": "EulerAncestralDiscreteScheduler", "use_exponential_sigmas": true})",
        R"({"_class_name": "DDPMScheduler", "variance_type": "fixed_large"})",
        R"({"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity,
            "solver_type": "bh2", "algorithm_type": "deis", "euler_at_final": true})"}) {
    EXPECT_THAT(SolverOf(Config(config)).instead, IsEmpty()) << config;
  }
}

TEST(ModelsSolver, AVariantThatIsNotOursIsDdimWithAWord) {
  for (const auto& [config, parts] : std::vector<std::pair<std::string, std::string>>{
           {R"({"_class_name": "HeunDiscreteScheduler"})", "HeunDiscreteScheduler"},
           {"{}", "no scheduler's class"},
           {R"({"_class_name": "PNDMScheduler"})", "PNDMScheduler with skip_prk_steps"},
           {R"({"_class_name": "EulerDiscreteScheduler", "interpolation_type": "log_linear"})",
            R"(interpolation_type "log_linear")"},
           {R"({"_class_name": "EulerDiscreteScheduler", "use_beta_sigmas": true})",
            "EulerDiscreteScheduler with use_beta_sigmas true"},
           {R"({"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver"})",
            R"(algorithm_type "dpmsolver")"},
           {R"({"_class_name": "DPMSolverMultistepScheduler", "solver_order": 3,
                "use_exponential_sigmas": true})",
            "use_exponential_sigmas true, solver_order 3"},
           {R"({"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -5.1})",
            "lambda_min_clipped -5.1"},
           {R"({"_class_name": "DDIMScheduler", "thresholding": true})", "thresholding true"},
           {R"({"_class_name": "DDPMScheduler", "variance_type": "learned"})", "learned"},
           {R"({"_class_name": "UniPCMultistepScheduler", "solver_type": "bh1"})", "bh1"},
           {R"({"_class_name": "UniPCMultistepScheduler", "use_karras_sigmas": true,
                "final_sigmas_type": "sigma_min"})",
            "final_sigmas_type"}}) {
    const ModelsSolver solver = SolverOf(Config(config));
    EXPECT_EQ(Name(solver.choice), "ddim") << config;
    EXPECT_THAT(solver.instead, HasSubstr("scheduler_config.json asks for")) << config;
    EXPECT_THAT(solver.instead, HasSubstr(parts)) << config;
  }
}

TEST(ModelsSolver, AFileOfAnotherClassThanTheIndexSaysIsSaidToBe) {
  const ModelsSolver solver =
      SolverOf(Config(R"({"_class_name": "DDIMScheduler", "use_beta_sigmas": true,
                          "_class_of_file": "EulerDiscreteScheduler"})"));
  EXPECT_EQ(Name(solver.choice), "ddim");
  EXPECT_THAT(solver.instead, HasSubstr("is of EulerDiscreteScheduler with use_beta_sigmas true"));
  EXPECT_THAT(solver.instead, HasSubstr("model_index.json says DDIMScheduler"));
}

TEST(ModelsSolver, WhoNamesASolverIsToldWhatItDoesNotHonour) {
  const JsonObject config = Config(
      R"({"_class_name": "EulerDiscreteScheduler", "use_beta_sigmas": true, "solver_order": 3})");
  EXPECT_THAT(FieldsNotHonoured(config, {SolverMethod::kEuler}), ElementsAre("use_beta_sigmas"));
  EXPECT_THAT(FieldsNotHonoured(config, {SolverMethod::kDpmpp2m}), ElementsAre("use_beta_sigmas"));
  EXPECT_THAT(FieldsNotHonoured(config, {SolverMethod::kDdim}), IsEmpty());
}

TEST(ModelsSolver, FieldsThatNobodyKnowsAreNamed) {
  EXPECT_THAT(UnknownSchedulerFields(Config(
                  R"({"_class_name": "x", "_diffusers_version": "0.42.1", "beta_start": 0.1,
                      "thresholding": false, "interpolation": 1, "use_newest_sigmas": true})")),
              ElementsAre("interpolation", "use_newest_sigmas"));
}

}  // namespace
}  // namespace imprint::engine
