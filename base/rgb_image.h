// The picture that passes between folders: plain 8-bit RGB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace imprint {

// Rows from top to bottom, 3 bytes (sRGB) a pixel, no padding: pixels.size() == 3 * width * height.
struct RgbImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;

  static RgbImage Blank(int width, int height, uint8_t level = 0) {
    return {
        width, height,
        std::vector<uint8_t>(3 * static_cast<size_t>(width) * static_cast<size_t>(height), level)};
  }

  const uint8_t* Row(int y) const { return pixels.data() + 3 * static_cast<size_t>(width) * y; }
  uint8_t* Row(int y) { return pixels.data() + 3 * static_cast<size_t>(width) * y; }

  // Returns where the pixel's 3 bytes start.
  const uint8_t* Pixel(int x, int y) const { return Row(y) + 3 * static_cast<size_t>(x); }
  uint8_t* Pixel(int x, int y) { return Row(y) + 3 * static_cast<size_t>(x); }

  friend bool operator==(const RgbImage&, const RgbImage&) = default;
};

}  // namespace imprint
