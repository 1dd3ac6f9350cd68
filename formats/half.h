// Widens floats of 8 and 16 bits to 32 bits, exactly, and rounds floats to 16 bits.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace imprint {

// Widens an IEEE 754 binary16.
inline float FloatFromHalf(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t exponent = (half >> 10) & 0x1FU;
  const uint32_t fraction = half & 0x3FFU;
  if (exponent == 0) {  // Zero or subnormal: fraction * 2^-24.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t widened = exponent == 0x1F ? 0xFFU : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (widened << 23) | (fraction << 13));
}

// Rounds to the nearest binary16, ties to even, as IEEE 754 does; values that are too large become
// infinity.
inline uint16_t HalfFromFloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000U);
  const uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude >= 0x7F800000U) {  // Infinity stays; NaN stays one.
    return sign | (magnitude > 0x7F800000U ? 0x7E00U : 0x7C00U);
  }
  if (magnitude < 0x38800000U) {  // Below 2^-14: a multiple of 2^-24, rounded by the adder.
    const float scaled = std::bit_cast<float>(magnitude) + 0.5F;
    return sign | static_cast<uint16_t>(std::bit_cast<uint32_t>(scaled) - 0x3F000000U);
  }
  const uint32_t odd = (magnitude >> 13) & 1U;
  const uint32_t rounded = (magnitude + 0xFFFU + odd - ((127U - 15U) << 23)) >> 13;
  return sign | static_cast<uint16_t>(rounded >= 0x7C00U ? 0x7C00U : rounded);
}

// Widens a bfloat16: the upper half of a float.
inline float FloatFromBFloat16(uint16_t value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

// Widen the 8-bit floats of Micikevicius et al. 2022, "FP8 Formats for Deep Learning". E5M2 is the
// upper half of a binary16; E4M3 has no infinities, and NaN where all bits but the sign are set.
inline float FloatFromF8E5M2(uint8_t value) {
  return FloatFromHalf(static_cast<uint16_t>(value << 8));
}

inline float FloatFromF8E4M3(uint8_t value) {
  const uint32_t magnitude = value & 0x7FU;
  if (magnitude == 0x7F) return std::numeric_limits<float>::quiet_NaN();
  // Its exponents and fraction are binary16's but for the bias, 7 instead of 15, and three places.
  const float scaled = FloatFromHalf(static_cast<uint16_t>(magnitude << 7)) * 0x1p8F;
  return (value & 0x80U) != 0 ? -scaled : scaled;
}

}  // namespace imprint
