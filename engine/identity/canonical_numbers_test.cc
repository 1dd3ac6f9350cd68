#include "engine/identity/canonical_numbers.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "formats/half.h"

namespace imprint::engine {
namespace {

template <typename T>
TensorView View(DType type, const std::vector<T>& stored) {
  return {type,
          {static_cast<int64_t>(stored.size())},
          std::as_bytes(std::span(stored.data(), stored.size()))};
}

std::string Digest(const TensorView& tensor) {
  Sha256 hash;
  AddNumbers(tensor, hash);
  return hash.HexDigest();
}

// More than one block, the last of them begun; what fp16 holds exactly in all of it but for
// `odd_at`.
std::vector<float> Numbers(size_t odd_at = 1'000'000) {
  std::vector<float> numbers(10'000);
  for (size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = static_cast<float>(static_cast<int>(i % 256) - 128) / 64;
    if (i == odd_at) numbers[i] = 0.1F;
  }
  return numbers;
}

TEST(CanonicalNumbers, AreTheSameInEveryTypeThatHoldsThem) {
  const std::vector<float> floats = Numbers();
  const std::vector<double> doubles(floats.begin(), floats.end());
  std::vector<uint16_t> halves;
  std::vector<uint16_t> brains;
  for (const float value : floats) {
    halves.push_back(HalfFromFloat(value));
    brains.push_back(static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16));
    ASSERT_EQ(FloatFromBFloat16(brains.back()), value);
  }
  const std::string digest = Digest(View(DType::kF32, floats));
  EXPECT_EQ(Digest(View(DType::kF16, halves)), digest);
  EXPECT_EQ(Digest(View(DType::kBF16, brains)), digest);
  EXPECT_EQ(Digest(View(DType::kF64, doubles)), digest);
}

TEST(CanonicalNumbers, OfMorePlacesThanFp16AreTheSameInBothWiderTypes) {
  for (const size_t odd_at : {size_t{0}, size_t{5000}, size_t{9999}}) {
    const std::vector<float> floats = Numbers(odd_at);
    const std::vector<double> doubles(floats.begin(), floats.end());
    EXPECT_EQ(Digest(View(DType::kF64, doubles)), Digest(View(DType::kF32, floats)));
    EXPECT_NE(Digest(View(DType::kF32, Numbers())), Digest(View(DType::kF32, floats)));
  }
}

TEST(CanonicalNumbers, OfBf16sRangeAreTheSameInItAndInFp32) {
  // Too small for fp16.
  const std::vector<float> floats(5000, 0x1.8p-40F);
  const std::vector<uint16_t> brains(5000, 0x2BC0);
  ASSERT_EQ(FloatFromBFloat16(brains[0]), floats[0]);
  EXPECT_EQ(Digest(View(DType::kBF16, brains)), Digest(View(DType::kF32, floats)));
}

TEST(CanonicalNumbers, EveryNumberCounts) {
  const std::string digest = Digest(View(DType::kF32, Numbers()));
  for (const size_t changed : {size_t{0}, size_t{4095}, size_t{4096}, size_t{9999}}) {
    std::vector<float> floats = Numbers();
    floats[changed] = -floats[changed] + 1;
    EXPECT_NE(Digest(View(DType::kF32, floats)), digest) << changed;
  }
  EXPECT_NE(Digest(View<float>(DType::kF32, {0.0F})), Digest(View<float>(DType::kF32, {-0.0F})));
}

TEST(CanonicalNumbers, WhatIsNoFloatingPointNumberCountsAsItIs) {
  EXPECT_NE(Digest(View<int8_t>(DType::kI8, {1, 2})), Digest(View<int8_t>(DType::kU8, {1, 2})));
}

TEST(CanonicalNumbers, TheFirstThatIsNotFiniteIsFound) {
  std::vector<float> floats = Numbers();
  Sha256 hash;
  EXPECT_FALSE(AddNumbers(View(DType::kF32, floats), hash));
  floats[9000] = std::numeric_limits<float>::infinity();
  floats[5000] = std::numeric_limits<float>::quiet_NaN();
  const auto found = AddNumbers(View(DType::kF32, floats), hash);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->index, 5000);
  EXPECT_TRUE(std::isnan(found->value));
  std::vector<uint16_t> halves(5000, 0x7BFF);
  EXPECT_FALSE(AddNumbers(View(DType::kF16, halves), hash));
  halves[4999] = 0xFC00;
  const auto last = AddNumbers(View(DType::kF16, halves), hash);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->index, 4999);
  EXPECT_EQ(last->value, -std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace imprint::engine
