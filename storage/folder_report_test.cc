#include "storage/folder_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint {
namespace {

using ::testing::HasSubstr;

TEST(FolderReport, NamesWhatABlobBelongsTo) {
  FolderReport report = {.service = "registry", .good_records = 3, .good_blobs = 2};
  EXPECT_TRUE(report.Clean());
  EXPECT_THAT(ToText(report), HasSubstr("registry: clean; 3 records and 2 blobs good"));
  report.missing.push_back({"abc", {"referenceSets/pip", "referenceSets/pop"}});
  EXPECT_FALSE(report.Clean());
  EXPECT_THAT(ToText(report), HasSubstr("missing  abc  of referenceSets/pip, referenceSets/pop"));
  EXPECT_EQ(ToJson(report)["missing"][0]["belongs_to"][1], "referenceSets/pop");
  EXPECT_EQ(ToJson(report)["clean"], false);
}

TEST(FolderReport, APathThatIsOpenIsNotClean) {
  FolderReport report = {.service = "registry", .open_to_others = {"blobs (0755)"}};
  EXPECT_FALSE(report.Clean());
  EXPECT_THAT(ToText(report), HasSubstr("open     blobs (0755)"));
}

}  // namespace
}  // namespace imprint
