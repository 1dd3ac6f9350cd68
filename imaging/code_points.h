// The meaning of a picture's numbers as light, as in PNG's cICP chunk and HEIF's nclx box (ITU-T
// H.273, coding-independent code points).
#pragma once

#include <cstdint>

namespace imprint {

struct CodePoints {
  uint16_t primaries = 2;
  uint16_t transfer = 2;
  // The matrix of the stored components; 0 is RGB itself.
  uint16_t matrix = 2;
  bool full_range = true;

  friend bool operator==(const CodePoints&, const CodePoints&) = default;
};

// The numbers of H.273 that the code refers to by name.
inline constexpr uint16_t kPrimariesBt709 = 1;  // sRGB's
inline constexpr uint16_t kUnspecified = 2;
inline constexpr uint16_t kTransferSrgb = 13;
inline constexpr uint16_t kTransferPq = 16;
inline constexpr uint16_t kTransferHlg = 18;

}  // namespace imprint
