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

TEST(Half, EveryHalfComesBackFromItsFloat) {
  for (uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const bool nan = (half & 0x7C00U) == 0x7C00U && (half & 0x3FFU) != 0;
    if (!nan) {
      EXPECT_EQ(HalfFromFloat(FloatFromHalf(half)), half) << bits;
    }
  }
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(HalfFromFloat(1.0F + 0x1p-11F), 0x3C00);             // halfway to the next: even
  EXPECT_EQ(HalfFromFloat(1.0F + 0x3p-11F), 0x3C02);             // halfway above an odd one
  EXPECT_EQ(HalfFromFloat(1.0F + 0x1p-11F + 0x1p-20F), 0x3C01);  // a little above halfway
  EXPECT_EQ(HalfFromFloat(0x1p-25F), 0x0000);                    // halfway to the smallest
  EXPECT_EQ(HalfFromFloat(0x1.8p-25F), 0x0001);
  EXPECT_EQ(HalfFromFloat(65504.0F), 0x7BFF);
  EXPECT_EQ(HalfFromFloat(65520.0F), 0x7C00);
  EXPECT_EQ(HalfFromFloat(-65520.0F), 0xFC00);
}

}  // namespace
}  // namespace imprint
