#include "sets/report/set_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "sets/expansion_cache.h"
#include "sets/report/coverage_plot.h"
#include "sets/report/report_json.h"
#include "sets/report/report_page.h"

namespace imprint::sets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPlan = R"(
prompt: "{who} {where}"
alt_text: {en: "{who} & co", de: "{who}"}
axes:
  who:
    mia: {text: <mia>, alt_text: {en: Mia "M", de: Mia}}
    ben: {text: <ben>, alt_text: {en: Ben, de: Ben}}
  where: [home, school]
quotas: [{each: who, where: {where: school}, at_least: 40%}]
)";

ReportedPicture Picture(int64_t index, uint8_t grey) {
  ReportedPicture picture = {.index = index,
                             .prompt = "<mia> home",
                             .seed = 7,
                             .file = "a b&.png",
                             .sha256 = "f00d",
                             .likeness = LikenessOf(RgbImage::Blank(8, 8, grey))};
  if (grey == 0) {
    picture.file.clear();
    picture.likeness.reset();
    picture.blocked_tries = {{.seed = 3, .scores = {0.5}}};
    picture.scores = {-0.5, 0.25};
  }
  return picture;
}

// Of four: mia at home and at school, ben at home blocked, ben at school missing.
SetReport Report() {
  return MakeReport(*Expand(kPlan), {.title = "A <set>", .image_set = "imageSets/s"},
                    {Picture(2, 0), Picture(0, 100), Picture(1, 102)});
}

TEST(SetReport, CountsWhatWasDrawnBlockedAndIsMissing) {
  const SetReport report = Report();
  EXPECT_EQ(report.all.planned, 4);
  EXPECT_EQ(report.all.drawn, 2);
  EXPECT_EQ(report.all.blocked, 1);
  EXPECT_EQ(report.all.missing(), 1);
  EXPECT_THAT(report.missing, ElementsAre("where=school/who=ben/1"));
  EXPECT_EQ(report.of_values[0][0].drawn, 2);
  EXPECT_EQ(report.of_values[0][1].blocked, 1);
  EXPECT_EQ(report.of_values[1][1].missing(), 1);
  EXPECT_EQ(report.pictures[0].second.key, "where=home/who=mia/1");
}

TEST(SetReport, HoldsQuotasAgainstWhatWasDrawn) {
  const SetReport report = Report();
  ASSERT_EQ(report.quotas.size(), 2u);
  EXPECT_TRUE(report.quotas[0].is_met);
  EXPECT_EQ(report.quotas[1].planned.of, 1);
  EXPECT_EQ(report.quotas[1].drawn.of, 0);
  EXPECT_FALSE(report.quotas[1].is_met) << "the plan had enough of ben, but he is not there";
}

TEST(SetReport, FindsPicturesThatLookAlike) {
  const SetReport report = Report();
  ASSERT_EQ(report.near_duplicates.size(), 1u);
  EXPECT_EQ(report.near_duplicates[0].first, 0u);
  EXPECT_EQ(report.near_duplicates[0].second, 1u);
  const SetReport other = MakeReport(*Expand(kPlan), {}, {Picture(0, 100), Picture(1, 200)});
  EXPECT_TRUE(other.near_duplicates.empty());
}

TEST(SetReport, APictureThatThePlanDoesNotHaveIsLeftOut) {
  EXPECT_EQ(MakeReport(*Expand(kPlan), {}, {Picture(4, 1), Picture(-1, 1)}).all.drawn, 0);
}

TEST(SetReport, TellsProgramsAll) {
  const auto json = ReportJson(Report());
  EXPECT_EQ(json["planned"], 4);
  EXPECT_EQ(json["axes"][0]["values"][1]["blocked"], 1);
  EXPECT_EQ(json["quotas"][1]["met"], false);
  EXPECT_EQ(json["missing_keys"][0], "where=school/who=ben/1");
  EXPECT_EQ(json["pictures"][2]["blocked_tries"][0]["seed"], 3);
  EXPECT_EQ(json["pictures"][2]["blocked_tries"][0]["scores"][0], 0.5);
  EXPECT_FALSE(json["pictures"][2].contains("file"));
  EXPECT_EQ(json["pictures"][0]["alt_text"]["en"], "Mia \"M\" & co");
  EXPECT_EQ(json["near_duplicates"][0]["keys"][1], "where=school/who=mia/1");
}

TEST(SetReport, ThePageEscapesTextsAndShowsNothingThatWasBlocked) {
  const std::string page = ReportPage(Report(), 1);
  EXPECT_THAT(page, HasSubstr("<title>A &lt;set&gt;</title>"));
  EXPECT_THAT(page, HasSubstr("<img src=\"a b&amp;.png\" alt=\"Mia &quot;M&quot; &amp; co\""));
  EXPECT_THAT(page, HasSubstr("blocked by the safety checker"));
  EXPECT_THAT(page, HasSubstr("seed 3, 0.5 above the threshold; seed 7, 0.25 above"));
  EXPECT_THAT(page, HasSubstr("1 of 2 quotas are not met"));
  EXPECT_THAT(page, HasSubstr("<span lang=\"de\">Mia</span>"));
  for (const char* outside : {"http:", "https:", "<script", "src=\"\""}) {
    std::string checked = page;
    // The namespace of the drawing, which nobody fetches.
    if (const auto at = checked.find("http://www.w3.org/2000/svg"); at != std::string::npos) {
      checked.erase(at, 26);
    }
    EXPECT_THAT(checked, Not(HasSubstr(outside)));
  }
}

TEST(SetReport, ThePlotHasABarForEachValueAndItsNumbers) {
  const std::string plot = CoveragePlot(Report());
  for (const char* text : {"mia", "school", "2 of 2", "0 of 2, 1 blocked, 1 missing", "NOT met"}) {
    EXPECT_THAT(plot, HasSubstr(text));
  }
}

}  // namespace
}  // namespace imprint::sets
