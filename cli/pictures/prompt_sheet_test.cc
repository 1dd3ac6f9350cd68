#include "cli/pictures/prompt_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

using ::testing::HasSubstr;

TEST(PromptSheet, ReferencesThenARowForEachPrompt) {
  PromptSheet sheet("<pip>", "25 steps");
  sheet.AddReferences({.heading = "taught from", .cells = {{.caption = "front.png"}}});
  EXPECT_TRUE(sheet.Add(0, "", {.caption = "compared"}));
  EXPECT_TRUE(sheet.Add(0, "<pip> asleep", {.caption = "seed 1"}));
  EXPECT_TRUE(sheet.Add(1, "<pip> awake", {.caption = "seed 1"}));
  const ContactSheet made = std::move(sheet).Finish();
  ASSERT_EQ(made.rows.size(), 3u);
  EXPECT_EQ(made.rows[0].heading, "taught from");
  EXPECT_EQ(made.rows[1].heading, "<pip> asleep");
  EXPECT_EQ(made.rows[1].cells[1].caption, "seed 1");
  EXPECT_EQ(made.subtitle, "25 steps");
}

TEST(PromptSheet, SaysWhatItLeavesOut) {
  PromptSheet sheet("many", "");
  for (size_t row = 0; row < 30; ++row) {
    for (int seed = 0; seed < 12; ++seed) {
      const bool room = sheet.HasRoom(row);
      EXPECT_EQ(sheet.Add(row, "a mascot", {}), room);
    }
  }
  const ContactSheet made = std::move(sheet).Finish();
  EXPECT_EQ(made.rows.size(), 24u);
  EXPECT_EQ(made.rows[0].cells.size(), 10u);
  EXPECT_THAT(made.subtitle, HasSubstr("; 240 of 360 pictures"));
}

}  // namespace
}  // namespace imprint::cli
