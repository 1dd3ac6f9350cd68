// Reads numbers from untrusted bytes, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/strings/string_view.h"

namespace imprint {

using ByteSpan = std::span<const std::byte>;

inline absl::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

enum class ByteOrder { kBig, kLittle };

// Reading past the end gives zeros and is remembered: check ok() once, after several reads. A view
// of the bytes. Not thread-safe.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes, ByteOrder order = ByteOrder::kBig)
      : bytes_(bytes), order_(order) {}

  bool ok() const { return ok_; }
  size_t left() const { return bytes_.size() - position_; }
  size_t position() const { return position_; }

  // Reads an unsigned number of `size` bytes, 0 to 8.
  uint64_t Number(size_t size) {
    uint64_t number = 0;
    const ByteSpan bytes = Take(size);
    for (size_t i = 0; i < bytes.size(); ++i) {
      const size_t at = order_ == ByteOrder::kBig ? i : bytes.size() - 1 - i;
      number = number << 8 | std::to_integer<uint64_t>(bytes[at]);
    }
    return number;
  }
  uint8_t Byte() { return static_cast<uint8_t>(Number(1)); }
  uint16_t Short() { return static_cast<uint16_t>(Number(2)); }
  uint32_t Long() { return static_cast<uint32_t>(Number(4)); }

  // Returns the next `size` bytes; none at all if there are fewer.
  ByteSpan Take(size_t size) {
    if (size > left()) {
      ok_ = false;
      position_ = bytes_.size();
      return {};
    }
    position_ += size;
    return bytes_.subspan(position_ - size, size);
  }
  ByteSpan Rest() { return Take(left()); }

 private:
  ByteSpan bytes_;
  ByteOrder order_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace imprint
