#include "cli/imprint/fsck_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FsckReport, OfAWholeRegistryHasNoBlobs) {
  const auto report = ParseFsckReport("clean: 6 good, 0 missing, 0 damaged, 0 without an owner\n");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->clean);
  EXPECT_EQ(report->good, 6);
  EXPECT_THAT(report->missing, IsEmpty());
  EXPECT_THAT(report->damaged, IsEmpty());
  EXPECT_THAT(report->orphans, IsEmpty());
}

TEST(FsckReport, NamesEachBlobThatIsNotAsItShouldBe) {
  const auto report = ParseFsckReport(
      "what a server logs\n"
      "missing  aa\nmissing  ab\ndamaged  b0\norphan   c0\n"
      "not clean: 2 good, 2 missing, 1 damaged, 1 without an owner\n");
  ASSERT_TRUE(report.has_value());
  EXPECT_FALSE(report->clean);
  EXPECT_EQ(report->good, 2);
  EXPECT_THAT(report->missing, ElementsAre("aa", "ab"));
  EXPECT_THAT(report->damaged, ElementsAre("b0"));
  EXPECT_THAT(report->orphans, ElementsAre("c0"));
}

TEST(FsckReport, IsNoneOfACheckThatDidNotEnd) {
  EXPECT_FALSE(ParseFsckReport("").has_value());
  EXPECT_FALSE(ParseFsckReport("missing  aa\n").has_value());
  EXPECT_FALSE(ParseFsckReport("clean: as far as it went\n").has_value());
  EXPECT_EQ(FsckFailure("a note\nerror: data: no registry.db\nmore\n"), "data: no registry.db");
  EXPECT_EQ(FsckFailure("a note\n"), "a note");
  EXPECT_EQ(FsckFailure(""), "imprint-registry said nothing");
}

}  // namespace
}  // namespace imprint
