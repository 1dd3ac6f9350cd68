// What the numbers of a picture mean as light, as PNG's cICP chunk and HEIF's nclx box say it
// (ITU-T H.273, coding-independent code points).
#pragma once

#include <cstdint>

namespace imprint {

struct CodePoints {
  uint16_t primaries = 2;
  uint16_t transfer = 2;
  // Of the stored components; 0 is RGB itself.
  uint16_t matrix = 2;
  bool full_range = true;

  friend bool operator==(const CodePoints&, const CodePoints&) = default;
};

// Numbers of H.273 that are spoken of by name.
inline constexpr uint16_t kPrimariesBt709 = 1;  // sRGB's
inline constexpr uint16_t kUnspecified = 2;
inline constexpr uint16_t kTransferSrgb = 13;
inline constexpr uint16_t kTransferPq = 16;
inline constexpr uint16_t kTransferHlg = 18;

}  // namespace imprint
