#include "engine/noise/timestep_spacing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

using ::testing::ElementsAre;
using enum TimestepSpacing;

// tests/parity holds all of them against Diffusers; here stands what needs no Python.
TEST(TimestepSpacing, VisitsDiffusersTimesteps) {
  EXPECT_THAT(SpacedTimesteps(1000, kLeading, 4), ElementsAre(751, 501, 251, 1));
  EXPECT_THAT(SpacedTimesteps(1000, kTrailing, 4), ElementsAre(999, 749, 499, 249));
  EXPECT_THAT(SpacedTimesteps(1000, kLinspace, 4), ElementsAre(999, 666, 333, 0));
  EXPECT_THAT(FractionalTimesteps(1000, kLinspace, 3), ElementsAre(999, 499.5, 0));
  EXPECT_THAT(FractionalTimesteps(1000, kLeading, 4), ElementsAre(751, 501, 251, 1));
  EXPECT_THAT(MultistepTimesteps(1000, kLinspace, 4), ElementsAre(999, 749, 500, 250));
  EXPECT_THAT(MultistepTimesteps(1000, kLeading, 4), ElementsAre(801, 601, 401, 201));
  EXPECT_THAT(MultistepTimesteps(1000, kTrailing, 4), ElementsAre(999, 749, 499, 249));
}

TEST(TimestepSpacing, EveryNumberOfStepsStaysWithinTheScheduleAndDescends) {
  for (const TimestepSpacing spacing : {kLeading, kTrailing, kLinspace}) {
    for (const int steps : {1, 7, 14, 333, 998}) {
      for (const auto& timesteps :
           {SpacedTimesteps(1000, spacing, steps), FractionalTimesteps(1000, spacing, steps),
            MultistepTimesteps(1000, spacing, steps)}) {
        ASSERT_EQ(timesteps.size(), static_cast<size_t>(steps));
        EXPECT_LT(timesteps.front(), 1000);
        EXPECT_GE(timesteps.back(), 0);
        for (size_t i = 1; i < timesteps.size(); ++i) {
          EXPECT_LT(timesteps[i], timesteps[i - 1]) << steps;
        }
      }
    }
  }
}

}  // namespace
}  // namespace imprint::engine
