#include "formats/half.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(Half, WidensEveryKindOfValue) {
  EXPECT_EQ(FloatFromHalf(0x3C00), 1.0F);
  EXPECT_EQ(FloatFromHalf(0xC000), -2.0F);
  EXPECT_EQ(FloatFromHalf(0x7BFF), 65504.0F);
  EXPECT_EQ(FloatFromHalf(0x0001), 0x1p-24F);  // smallest subnormal
  EXPECT_EQ(FloatFromHalf(0x83FF), -1023 * 0x1p-24F);
  EXPECT_EQ(FloatFromHalf(0x0400), 0x1p-14F);  // smallest normal
  EXPECT_TRUE(std::signbit(FloatFromHalf(0x8000)));
  EXPECT_EQ(FloatFromHalf(0x7C00), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(FloatFromHalf(0x7E00)));
}

TEST(BFloat16, IsTheUpperHalfOfAFloat) {
  EXPECT_EQ(FloatFromBFloat16(0x3F80), 1.0F);
  EXPECT_EQ(FloatFromBFloat16(0xC040), -3.0F);
}

}  // namespace
}  // namespace imprint
