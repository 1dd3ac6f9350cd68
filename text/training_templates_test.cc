#include "text/training_templates.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

TEST(TrainingTemplates, DefaultsAreDistinctAndHoldTheTokenOnce) {
  for (const ConceptKind kind : {ConceptKind::kObject, ConceptKind::kStyle}) {
    const std::vector<std::string> templates = DefaultTemplates(kind);
    EXPECT_GE(templates.size(), 15u);
    EXPECT_EQ(std::set(templates.begin(), templates.end()).size(), templates.size());
    for (const std::string& line : templates) EXPECT_THAT(ParseTemplates(line), Succeeds()) << line;
  }
}

TEST(TrainingTemplates, OnesOwnComeFromLines) {
  ASSERT_OK_AND_ASSIGN(const auto templates,
                       ParseTemplates("# my templates\r\n\n a {} at school \r\n{}, waving\n"));
  EXPECT_THAT(templates, ElementsAre("a {} at school", "{}, waving"));
  EXPECT_EQ(FillTemplate(templates[0], "<mia>"), "a <mia> at school");
}

TEST(TrainingTemplates, ErrorsNameTheLine) {
  EXPECT_THAT(ParseTemplates("a {}\na cat"), RefusesNaming(Parts{"templates: line 2", "a cat"}));
  EXPECT_THAT(ParseTemplates("{} and {}"), RefusesNaming(Parts{"templates: line 1"}));
  EXPECT_THAT(ParseTemplates("\n# x\n"), RefusesNaming(Parts{"templates: got none"}));
}

}  // namespace
}  // namespace imprint
