// Reads bits of a video bitstream, first to last. Private to imaging/.
#pragma once

#include <cstddef>
#include <cstdint>

#include "imaging/byte_reader.h"

namespace imprint {

// Reading past the end gives zeros and is remembered. A view of the bytes. Not thread-safe.
class BitReader {
 public:
  explicit BitReader(ByteSpan bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }

  bool Flag() { return Bits(1) != 0; }

  // Reads 0 to 32 bits.
  uint32_t Bits(uint32_t count) {
    uint32_t number = 0;
    for (uint32_t i = 0; i < count; ++i) number = number << 1 | Next();
    return number;
  }

  void Skip(size_t count) {
    for (size_t i = 0; i < count; ++i) Next();
  }

  // Reads an Exp-Golomb code: ue(v) of H.265, and uvlc() of AV1.
  uint32_t ExpGolomb() {
    uint32_t zeros = 0;
    while (ok_ && zeros < 32 && !Flag()) ++zeros;
    if (zeros == 32) ok_ = false;
    return ok_ ? (uint32_t{1} << zeros) - 1 + Bits(zeros) : 0;
  }

 private:
  uint32_t Next() {
    if (position_ >= 8 * bytes_.size()) {
      ok_ = false;
      return 0;
    }
    const auto byte = std::to_integer<uint32_t>(bytes_[position_ / 8]);
    const auto shift = 7 - position_ % 8;
    ++position_;
    return byte >> shift & 1;
  }

  ByteSpan bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace imprint
