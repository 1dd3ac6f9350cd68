#include "sets/coverage.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "sets/plan_file.h"

namespace imprint::sets {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::string_view kClass = R"(
prompt: "{who} with {aid} in {place}"
axes:
  who: [mia, tom, ada, lee]
  aid: {none: "", wheelchair: a wheelchair, glasses: glasses}
  place: [classroom, garden]
exclude: [{who: lee, place: garden}]
)";

absl::StatusOr<Expansion> ExpandClass(absl::string_view quotas) {
  auto plan = ParsePlan(absl::StrCat(kClass, "quotas:\n", quotas), "plan.yaml");
  if (!plan.ok()) return plan.status();
  return Expansion::Make(std::make_shared<const Plan>(*std::move(plan)));
}

std::string QuotaErrorOf(absl::string_view quotas) {
  const auto expansion = ExpandClass(quotas);
  if (!expansion.ok()) return std::string(expansion.status().message());
  return std::string(CheckQuotas(expansion->plan(), CoverageOf(*expansion)).message());
}

TEST(Coverage, CountsCellsValuesAndQuotas) {
  const auto expansion = ExpandClass("  - {of: {aid: [wheelchair, glasses]}, at_least: 50%}\n");
  ASSERT_TRUE(expansion.ok()) << expansion.status();
  const Coverage coverage = CoverageOf(*expansion);
  EXPECT_EQ(coverage.cells, 24);
  EXPECT_EQ(coverage.excluded_cells, 3);
  EXPECT_EQ(coverage.pictures, 21);
  EXPECT_THAT(coverage.of_values,
              ElementsAre(ElementsAre(6, 6, 6, 3), ElementsAre(7, 7, 7), ElementsAre(12, 9)));
  EXPECT_EQ(coverage.quotas[0].of, 14);
  EXPECT_EQ(coverage.quotas[0].where, 21);
}

TEST(Coverage, AQuotaIsMetToItsLastPicture) {
  EXPECT_EQ(QuotaErrorOf("  - {each: who, where: {place: classroom}, at_least: 25%}\n"), "");
  EXPECT_EQ(QuotaErrorOf("  - {each: aid, at_least: 0.33, at_most: 34%}\n"), "");
  EXPECT_THAT(QuotaErrorOf("  - {each: who, where: {place: [classroom, garden]}, at_least: 20%}\n"),
              HasSubstr("plan.yaml:9:5: quotas: who=lee, where place=classroom|garden: got 3 of 21 "
                        "pictures (14.29 %); expected at least 20 %"));
  EXPECT_THAT(QuotaErrorOf("  - {of: [{who: mia}, {aid: glasses}], at_most: 20%}\n"),
              HasSubstr("who=mia or aid=glasses: got 11 of 21 pictures (52.38 %); expected at most "
                        "20 %"));
  EXPECT_THAT(
      QuotaErrorOf("  - {of: {who: mia}, where: {who: lee, place: garden}, at_least: 10%}\n"),
      HasSubstr("got no picture that it is about"));
}

TEST(Coverage, SaysWhichTwoQuotasNoSetCanMeet) {
  EXPECT_THAT(QuotaErrorOf("  - {of: {who: mia}, at_least: 60%}\n"
                           "  - {of: {aid: glasses}, at_least: 90%}\n"
                           "  - {of: {who: [tom, ada]}, at_least: 50%}\n"),
              AllOf(HasSubstr("plan.yaml:11:5: quotas: got who=tom|ada beside who=mia "
                              "(plan.yaml:9:5), at least 50 % and 60 % of the same pictures"),
                    HasSubstr("quotas that one set can meet at once")));
  EXPECT_THAT(
      QuotaErrorOf("  - {of: {who: mia}, at_most: 10%}\n  - {of: {who: mia}, at_least: 20%}\n"),
      HasSubstr("at least 20 % and at most 10 %"));
  EXPECT_THAT(QuotaErrorOf("  - {of: {who: mia, aid: glasses}, at_least: 20%}\n"
                           "  - {of: {who: [mia, tom]}, at_most: 10%}\n"),
              HasSubstr("at least 20 % and at most 10 %"));
  // Out of others, they do not meet.
  EXPECT_THAT(QuotaErrorOf("  - {of: {who: mia}, at_least: 60%}\n"
                           "  - {of: {who: tom}, where: {place: garden}, at_least: 60%}\n"),
              HasSubstr("who=mia: got 6 of 21"));
  EXPECT_THAT(
      QuotaErrorOf("  - {each: who, at_least: 26%}\n"),
      HasSubstr("got at least 26 % of each of 4 values; expected a share that all can have"));
}

}  // namespace
}  // namespace imprint::sets
