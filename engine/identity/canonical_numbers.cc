#include "engine/identity/canonical_numbers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>

#include "absl/strings/str_cat.h"

#include "formats/float_values.h"
#include "formats/half.h"

namespace imprint::engine {
namespace {

constexpr size_t kBlock = 4096;

template <typename T>
using Block = std::array<T, kBlock>;

// Rounds `floats` to `narrow` by `round`; false, and some of them, once a number would change.
bool Narrow(std::span<const float> floats, std::span<uint16_t> narrow, uint16_t (*round)(float),
            float (*widen)(uint16_t)) {
  for (size_t i = 0; i < floats.size(); ++i) {
    narrow[i] = round(floats[i]);
    const float again = widen(narrow[i]);
    if (std::memcmp(&again, &floats[i], sizeof(again)) != 0) return false;
  }
  return true;
}

// Cut, not rounded: what this changes is not in the type.
uint16_t BFloat16FromFloat(float value) {
  return static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
}

// Adds numbers in the narrowest type that holds all of them, and says which.
void AddBlock(std::span<const float> floats, Sha256& hash) {
  Block<uint16_t> narrow;
  const std::span<uint16_t> halves(narrow.data(), floats.size());
  if (Narrow(floats, halves, HalfFromFloat, FloatFromHalf)) {
    hash.Update("h");
    hash.Update(std::as_bytes(halves));
  } else if (Narrow(floats, halves, BFloat16FromFloat, FloatFromBFloat16)) {
    hash.Update("b");
    hash.Update(std::as_bytes(halves));
  } else {
    hash.Update("f");
    hash.Update(std::as_bytes(floats));
  }
}

// The same for numbers that are fp16 already, without the way through wider ones.
void AddHalves(std::span<const uint16_t> halves, Sha256& hash) {
  hash.Update("h");
  hash.Update(std::as_bytes(halves));
}

std::optional<size_t> FirstNotFinite(std::span<const float> floats) {
  // Without a branch for each of them, in almost every block.
  uint32_t any = 0;
  for (const float value : floats) any |= std::isfinite(value) ? 0U : 1U;
  if (any == 0) return std::nullopt;
  const auto found =
      std::find_if(floats.begin(), floats.end(), [](float value) { return !std::isfinite(value); });
  return static_cast<size_t>(found - floats.begin());
}

std::optional<size_t> FirstNotFinite(std::span<const uint16_t> halves) {
  constexpr uint16_t kExponent = 0x7C00;
  uint32_t any = 0;
  for (const uint16_t half : halves) any |= (half & kExponent) == kExponent ? 1U : 0U;
  if (any == 0) return std::nullopt;
  const auto found = std::find_if(halves.begin(), halves.end(),
                                  [](uint16_t half) { return (half & kExponent) == kExponent; });
  return static_cast<size_t>(found - halves.begin());
}

}  // namespace

std::optional<NotFinite> AddNumbers(const TensorView& tensor, Sha256& hash) {
  if (!IsFloatingPoint(tensor.type)) {
    hash.Update(absl::StrCat(Name(tensor.type), "\n"));
    hash.Update(tensor.data);
    return std::nullopt;
  }
  const size_t count = tensor.data.size() / ElementSize(tensor.type);
  std::optional<NotFinite> not_finite;
  Block<float> floats;
  Block<uint16_t> halves;
  for (size_t first = 0; first < count; first += kBlock) {
    const size_t size = std::min(kBlock, count - first);
    std::optional<size_t> bad;
    if (tensor.type == DType::kF16) {
      const std::span<uint16_t> block(halves.data(), size);
      std::memcpy(block.data(), tensor.data.data() + first * sizeof(uint16_t), block.size_bytes());
      AddHalves(block, hash);
      bad = FirstNotFinite(std::span<const uint16_t>(block));
      if (bad) floats[*bad] = FloatFromHalf(block[*bad]);
    } else {
      const std::span<float> block(floats.data(), size);
      ReadFloats(tensor, first, block);
      AddBlock(block, hash);
      bad = FirstNotFinite(std::span<const float>(block));
    }
    if (bad && !not_finite) not_finite = NotFinite{first + *bad, floats[*bad]};
  }
  return not_finite;
}

}  // namespace imprint::engine
