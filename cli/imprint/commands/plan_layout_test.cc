#include "cli/imprint/commands/plan_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "sets/expansion_cache.h"

namespace imprint::cli {
namespace {

using Parts = std::vector<std::string>;

constexpr const char* kSteps = R"(
prompt: "{who} {step}"
count: 2
axes: {who: [mia, ben], step: [wash, cook, eat]}
exclude: [{who: mia, step: cook}]
)";

v1::ItemRequest Item(int64_t index) {
  v1::ItemRequest item;
  item.set_index(index);
  return item;
}

TEST(PlanLayout, TheLastAxisMakesTheColumns) {
  ASSERT_OK_AND_ASSIGN(const auto plan, sets::Expand(kSteps));
  ASSERT_OK_AND_ASSIGN(const PlanLayout layout, PlanLayout::Make(plan));
  ASSERT_OK_AND_ASSIGN(const PlannedItem eat, layout.Of(Item(3)));
  EXPECT_EQ(eat.file_stem, "004-mia-eat-2");
  EXPECT_EQ(eat.heading, "mia");
  EXPECT_EQ(eat.caption, "eat 2");
  EXPECT_EQ(eat.row, 0u);
  EXPECT_EQ(layout.Of(Item(4))->row, 1u);
  EXPECT_THAT(layout.Of(Item(10)),
              Fails(absl::StatusCode::kInternal, ::testing::HasSubstr("item 10")));
}

TEST(PlanLayout, AnyAxisMayMakeThem) {
  ASSERT_OK_AND_ASSIGN(const auto plan, sets::Expand(kSteps));
  ASSERT_OK_AND_ASSIGN(const PlanLayout layout, PlanLayout::Make(plan, "who"));
  EXPECT_EQ(layout.Of(Item(0))->heading, "wash");
  EXPECT_EQ(layout.Of(Item(0))->caption, "mia 1");
  EXPECT_EQ(layout.Of(Item(8))->heading, "eat");
  EXPECT_EQ(layout.Of(Item(8))->row, 2u) << "after the row to cook, which mia has no part in";
  EXPECT_THAT(PlanLayout::Make(plan, "where"),
              RefusesNaming(Parts{"--columns: got \"where\"", "who, step"}));
}

}  // namespace
}  // namespace imprint::cli
