#include "cli/imprint/commands/drawing_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;

std::vector<size_t> Numbers(const PlannedSet& set) {
  std::vector<size_t> numbers;
  for (const PlannedItem& item : set.items) numbers.push_back(item.number);
  return numbers;
}

TEST(PlanSets, PutsComparisonsBeforeWhatIsComparedWithThem) {
  const auto sets = PlanSets({"<rex> in the snow", "<rex> asleep"}, {1, 2, 3}, {{"<rex>", "dog"}});
  ASSERT_EQ(sets.size(), 2U);
  EXPECT_FALSE(sets[0].comparison);
  EXPECT_THAT(sets[0].prompts, ElementsAre("<rex> in the snow", "<rex> asleep"));
  EXPECT_THAT(Numbers(sets[0]), ElementsAre(3, 4, 5, 8, 9, 10));
  EXPECT_TRUE(sets[1].comparison);
  EXPECT_THAT(sets[1].prompts, ElementsAre("dog in the snow", "dog asleep"));
  EXPECT_THAT(sets[1].seeds, ElementsAre(1, 2));
  EXPECT_THAT(Numbers(sets[1]), ElementsAre(1, 2, 6, 7));
  EXPECT_EQ(sets[0].items[4].heading, "<rex> asleep");
  EXPECT_EQ(sets[0].items[4].caption, "seed 2");
  EXPECT_EQ(sets[0].items[4].row, 1U);
  EXPECT_EQ(sets[0].items[4].file_stem, "009-rex-asleep-s2");
}

TEST(PlanSets, ComparesOnlyPromptsThatHaveAConcept) {
  const auto sets = PlanSets({"a tree", "<rex>"}, {7}, {{"<rex>", "dog"}});
  ASSERT_EQ(sets.size(), 2U);
  EXPECT_THAT(sets[1].prompts, ElementsAre("dog"));
  EXPECT_EQ(sets[1].items[0].row, 1U);
}

TEST(PlanSets, HasOneSetWithoutClassWords) {
  const auto sets = PlanSets({"<rex> asleep"}, {1, 2}, {});
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(sets[0].items.size(), 2U);
}

}  // namespace
}  // namespace imprint::cli
