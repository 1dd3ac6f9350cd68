#include "cli/program/table.h"

#include <gtest/gtest.h>

namespace imprint::cli {
namespace {

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
}  // namespace imprint::cli
