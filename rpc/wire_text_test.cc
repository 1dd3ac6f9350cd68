#include "rpc/wire_text.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(WireText, WhatIsNotPrintableAsciiTakesThreeBytes) {
  EXPECT_EQ(WireBytes("a b~"), 4U);
  EXPECT_EQ(WireBytes("%\n"), 6U);
  EXPECT_EQ(WireBytes("ä"), 6U);
}

TEST(WireText, IsCutBetweenCharacters) {
  EXPECT_EQ(CutForWire("abcdef", 6), "abcdef");
  EXPECT_EQ(CutForWire("abcdefghijkl", 11), "ab…");
  EXPECT_EQ(CutForWire("aääääää", 9 + 1 + 6 + 3), "aä…") << "not half of the second";
  EXPECT_EQ(CutForWire("aääääää", 3), "…");
}

}  // namespace
}  // namespace imprint
