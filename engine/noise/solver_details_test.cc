#include "engine/noise/solver_details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

absl::StatusOr<SolverDetails> ParseDetails(absl::string_view text) {
  return SolverDetails::Parse(*JsonObject::Parse(text, "scheduler_config.json"));
}

TEST(SolverDetails, AreInTheConfiguration) {
  ASSERT_OK_AND_ASSIGN(
      const SolverDetails details,
      ParseDetails(R"({"sigma_min": 0.1, "sigma_max": 9, "timestep_type": "continuous",
                "variance_type": "fixed_large", "disable_corrector": [0, 2],
                "lower_order_final": false, "euler_at_final": true,
                "final_sigmas_type": "sigma_min"})"));
  EXPECT_EQ(details.least_sigma, 0.1);
  EXPECT_EQ(details.largest_sigma, 9);
  EXPECT_TRUE(details.log_sigma_as_timestep && details.ends_at_least_sigma);
  EXPECT_EQ(details.ddpm_variance, DdpmVariance::kLarge);
  EXPECT_THAT(details.uncorrected_steps, ElementsAre(0, 2));
  EXPECT_TRUE(details.first_order_ends && !details.first_order_ends_few_steps);
}

TEST(SolverDetails, AreNamedWhereTheyCannotBe) {
  EXPECT_THAT(ParseDetails(R"({"sigma_max": -1})"), RefusesNaming(Parts{"sigma_max", "-1"}));
  EXPECT_THAT(ParseDetails(R"({"disable_corrector": "all"})"),
              RefusesNaming(Parts{"disable_corrector"}));
}

}  // namespace
}  // namespace imprint::engine
