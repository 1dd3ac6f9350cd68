#include "cli/imprint_engine/draw_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using Parts = std::vector<std::string>;

TEST(PlanPictures, IsEveryPromptWithEverySeed) {
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       PlanPictures({"<pip> in the Snow!", "漢字"}, {3, 7}, {.steps = 9}, {}));
  ASSERT_EQ(plan.size(), 4u);
  EXPECT_EQ(plan[1].request.prompt, "<pip> in the Snow!");
  EXPECT_EQ(plan[1].request.seed, 7u);
  EXPECT_EQ(plan[1].request.steps, 9);
  EXPECT_EQ(plan[1].name, "002-pip-in-the-snow-s7");
  EXPECT_EQ(plan[2].name, "003-picture-s3");
}

TEST(PlanPictures, ComparesWithTheClassWord) {
  ASSERT_OK_AND_ASSIGN(const auto plan, PlanPictures({"<pip> asleep", "a tree"}, {1, 2, 3}, {},
                                                     {{"<pip>", "mascot"}}));
  ASSERT_EQ(plan.size(), 8u);
  EXPECT_EQ(plan[0].request.prompt, "mascot asleep");
  EXPECT_TRUE(plan[0].comparison && plan[1].comparison);
  EXPECT_EQ(plan[2].request.prompt, "<pip> asleep");
  EXPECT_FALSE(plan[2].comparison);
  EXPECT_EQ(plan[4].row, 0u);
  EXPECT_EQ(plan[5].row, 1u) << "a prompt without a concept has nothing to compare with";
}

TEST(PlanPictures, RefusesNothingAndTooMuch) {
  EXPECT_THAT(PlanPictures({}, {1}, {}, {}), RefusesNaming(Parts{"prompt", "none"}));
  EXPECT_THAT(PlanPictures({"a"}, {}, {}, {}), RefusesNaming(Parts{"seeds"}));
  EXPECT_THAT(PlanPictures(std::vector<std::string>(5001, "a"), {1, 2}, {}, {}),
              RefusesNaming(Parts{"5001 prompts", "10000"}));
}

}  // namespace
}  // namespace imprint::cli
