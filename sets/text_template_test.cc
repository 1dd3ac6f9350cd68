#include "sets/text_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::sets {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kAxes = {"place", "season"};

absl::string_view TextOf(size_t axis) { return axis == 0 ? "a river" : "spring"; }

TEST(TextTemplate, PutsTextsInPlaceOfAxes) {
  const auto text = TextTemplate::Parse("{place} in {season}, {{drawn}}, {place}", kAxes);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(text->Fill(TextOf), "a river in spring, {drawn}, a river");
  EXPECT_EQ(text->fixed_bytes(), std::string(" in , {drawn}, ").size());
  EXPECT_EQ(text->Count(0), 2);
  EXPECT_EQ(text->Count(1), 1);
  EXPECT_EQ(TextTemplate::Parse("{place}", kAxes)->Count(1), 0);
}

TEST(TextTemplate, SaysWhatIsWrongAndWhere) {
  const auto error = [](absl::string_view text) {
    return std::string(TextTemplate::Parse(text, kAxes).status().message());
  };
  EXPECT_THAT(error("in {town}"), HasSubstr("no axis is called \"town\"; expected place, season"));
  EXPECT_THAT(error("üü {town}"), HasSubstr("at character 4: no axis"));
  EXPECT_THAT(error("in {place"), HasSubstr("a { that nothing closes"));
  EXPECT_THAT(error("in place}"), HasSubstr("a } that closes nothing"));
  EXPECT_THAT(error("{}"), HasSubstr("no axis is called \"\""));
}

}  // namespace
}  // namespace imprint::sets
