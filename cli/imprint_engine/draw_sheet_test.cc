#include "cli/imprint_engine/draw_sheet.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

using ::testing::HasSubstr;

// Everything that a DrawnPictures looks at.
struct Drawn {
  std::vector<ManifestEmbedding> embeddings;
  std::vector<ReferencePicture> references;
  std::vector<PlannedPicture> plan;
  std::vector<std::optional<RgbImage>> pictures;

  void Add(const std::string& prompt, size_t row, uint64_t seed, bool comparison = false,
           bool blocked = false) {
    const PictureRequest request = {.prompt = prompt, .seed = seed, .width = 8, .height = 8};
    plan.push_back({.request = request, .row = row, .comparison = comparison});
    pictures.emplace_back(blocked ? std::nullopt : std::optional(RgbImage::Blank(8, 8)));
  }

  ContactSheet Sheet(const std::string& title = "") const {
    return LayOut({title, embeddings, references, plan, pictures});
  }
};

TEST(DrawSheet, ReferencesThenARowForEachPrompt) {
  Drawn drawn;
  drawn.embeddings = {{.token = "<pip>", .class_word = "mascot"}};
  drawn.references = {{.path = "photos/front.png", .fitted = RgbImage::Blank(8, 8)}};
  drawn.Add("a mascot asleep", 0, 5, /*comparison=*/true);
  drawn.Add("<pip> asleep", 0, 5);
  drawn.Add("<pip> awake", 1, 6, /*comparison=*/false, /*blocked=*/true);
  const ContactSheet sheet = drawn.Sheet();
  EXPECT_EQ(sheet.title, "<pip>");
  ASSERT_EQ(sheet.rows.size(), 3);
  EXPECT_EQ(sheet.rows[0].heading, "taught from");
  EXPECT_EQ(sheet.rows[0].cells[0].caption, "front.png");
  EXPECT_EQ(sheet.rows[1].heading, "<pip> asleep");
  EXPECT_EQ(sheet.rows[1].cells[0].caption, "\"mascot\", seed 5");
  EXPECT_EQ(sheet.rows[1].cells[1].caption, "seed 5");
  EXPECT_TRUE(sheet.rows[1].cells[1].picture.has_value());
  EXPECT_THAT(sheet.rows[2].cells[0].caption, HasSubstr("blocked"));
  EXPECT_FALSE(sheet.rows[2].cells[0].picture.has_value());
}

TEST(DrawSheet, SaysWhatItLeavesOut) {
  Drawn drawn;
  for (size_t row = 0; row < 30; ++row) {
    for (uint64_t seed = 0; seed < 12; ++seed) drawn.Add("a mascot", row, seed);
  }
  const ContactSheet sheet = drawn.Sheet("My own title");
  EXPECT_EQ(sheet.title, "My own title");
  EXPECT_EQ(sheet.rows.size(), 24);
  EXPECT_EQ(sheet.rows[0].cells.size(), 10);
  EXPECT_THAT(sheet.subtitle, HasSubstr("; 240 of 360 pictures"));
}

}  // namespace
}  // namespace imprint::cli
