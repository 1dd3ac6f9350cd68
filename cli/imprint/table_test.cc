#include "cli/imprint/table.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

google::protobuf::Timestamp At(int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  return time;
}

TEST(Table, AlignsColumnsByCharactersNotBytes) {
  Table table({"NAME", "SIZE"});
  EXPECT_TRUE(table.empty());
  table.Add({"Zoë", "1"});
  table.Add({"Grandmother", "22"});
  EXPECT_FALSE(table.empty());
  EXPECT_EQ(table.Text(), "NAME         SIZE\nZoë          1\nGrandmother  22\n");
}

TEST(Table, ShowsControlCharactersInsteadOfObeyingThem) {
  Table table({"NAME"});
  table.Add({"a\x1b[31mb\nc"});
  EXPECT_EQ(table.Text(), "NAME\na\\x1B[31mb\\x0Ac\n");
}

TEST(AgeText, HasTheUnitThatPeopleWouldUse) {
  const absl::Time now = absl::FromUnixSeconds(1'000'000);
  EXPECT_EQ(AgeText(At(1'000'000), now), "now");
  EXPECT_EQ(AgeText(At(1'000'005), now), "now");  // another machine's clock
  EXPECT_EQ(AgeText(At(999'881), now), "119 s ago");
  EXPECT_EQ(AgeText(At(999'880), now), "2 min ago");
  EXPECT_EQ(AgeText(At(992'800), now), "2 h ago");
  EXPECT_EQ(AgeText(At(827'200), now), "2 days ago");
  EXPECT_EQ(AgeText(At(0), now), "-");
}

TEST(CountText, KnowsOneFromMany) {
  EXPECT_EQ(CountText(0, "picture"), "0 pictures");
  EXPECT_EQ(CountText(1, "picture"), "1 picture");
  EXPECT_EQ(CountText(8, "picture"), "8 pictures");
}

TEST(BytesText, HasThreeOrMoreDigitsWhereThatSaysSomething) {
  EXPECT_EQ(BytesText(999), "999 B");
  EXPECT_EQ(BytesText(1000), "1.0 KB");
  EXPECT_EQ(BytesText(31'400'000), "31.4 MB");
  EXPECT_EQ(BytesText(4'270'000'000), "4.3 GB");
}

}  // namespace
}  // namespace imprint
