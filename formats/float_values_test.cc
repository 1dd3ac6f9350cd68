#include "formats/float_values.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imprint {
namespace {

using ::testing::ElementsAre;

template <typename T>
std::vector<float> Read(DType type, const std::vector<T>& stored, size_t first = 0) {
  std::vector<float> values(stored.size() - first);
  ReadFloats({type,
              {static_cast<int64_t>(stored.size())},
              std::as_bytes(std::span(stored.data(), stored.size()))},
             first, values);
  return values;
}

TEST(FloatValues, AreTheSameWhateverTheyAreStoredIn) {
  EXPECT_THAT(Read<double>(DType::kF64, {1, -0.5, 448}), ElementsAre(1, -0.5, 448));
  EXPECT_THAT(Read<float>(DType::kF32, {1, -0.5, 448}), ElementsAre(1, -0.5, 448));
  EXPECT_THAT(Read<uint16_t>(DType::kF16, {0x3C00, 0xB800, 0x5F00}), ElementsAre(1, -0.5, 448));
  EXPECT_THAT(Read<uint16_t>(DType::kBF16, {0x3F80, 0xBF00, 0x43E0}), ElementsAre(1, -0.5, 448));
  EXPECT_THAT(Read<uint8_t>(DType::kF8E4M3, {0x38, 0xB0, 0x7E}), ElementsAre(1, -0.5, 448));
  EXPECT_THAT(Read<uint8_t>(DType::kF8E5M2, {0x3C, 0xB8, 0x5F}), ElementsAre(1, -0.5, 448));
}

TEST(FloatValues, BeginWhereTheyAreAskedTo) {
  EXPECT_THAT(Read<uint16_t>(DType::kF16, {0x3C00, 0xB800, 0x5F00}, 1), ElementsAre(-0.5, 448));
}

TEST(FloatValues, EightBitsHaveTheirOwnEnds) {
  // Least and largest numbers, and what lies beyond them.
  EXPECT_THAT(Read<uint8_t>(DType::kF8E4M3, {0x01, 0x08, 0x80}),
              ElementsAre(0x1p-9F, 0x1p-6F, -0.0F));
  EXPECT_THAT(Read<uint8_t>(DType::kF8E5M2, {0x01, 0x7B, 0x7C}),
              ElementsAre(0x1p-16F, 57344.0F, HUGE_VALF));
  EXPECT_TRUE(std::isnan(Read<uint8_t>(DType::kF8E4M3, {0xFF})[0]));
  EXPECT_TRUE(std::isnan(Read<uint8_t>(DType::kF8E5M2, {0x7F})[0]));
}

TEST(FloatValues, AreOfFloatingPointTypes) {
  EXPECT_TRUE(IsFloatingPoint(DType::kF8E5M2));
  EXPECT_FALSE(IsFloatingPoint(DType::kI8));
}

}  // namespace
}  // namespace imprint
