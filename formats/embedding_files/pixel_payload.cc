#include "formats/embedding_files/pixel_payload.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "base/png/inflate.h"

namespace imprint {
namespace {

constexpr uint8_t kLowBits = 0x0F;

// Columns and rows, ends excluded.
struct Area {
  int left;
  int top;
  int right;
  int bottom;
};

// The smallest area that holds every pixel of which no sample is 0: the web UI cuts black rims off.
std::optional<Area> WithoutBlackRims(const RgbImage& picture) {
  Area area = {picture.width, picture.height, 0, 0};
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const uint8_t* const pixel = picture.Pixel(x, y);
      if (pixel[0] == 0 || pixel[1] == 0 || pixel[2] == 0) continue;
      area.left = std::min(area.left, x);
      area.top = std::min(area.top, y);
      area.right = std::max(area.right, x + 1);
      area.bottom = std::max(area.bottom, y + 1);
    }
  }
  if (area.left >= area.right) return std::nullopt;
  return area;
}

bool IsBlackInLowBits(const RgbImage& picture, const Area& area, int x) {
  for (int y = area.top; y < area.bottom; ++y) {
    const uint8_t* const pixel = picture.Pixel(x, y);
    if (((pixel[0] | pixel[1] | pixel[2]) & kLowBits) != 0) return false;
  }
  return true;
}

// The lower bits of a block's samples, row by row, without what they were hidden under.
std::vector<uint8_t> Uncovered(const RgbImage& picture, const Area& block) {
  std::vector<uint8_t> bits;
  uint32_t state = 0;
  for (int y = block.top; y < block.bottom; ++y) {
    for (int x = block.left; x < block.right; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        // The web UI's lcg: the constants of Numerical Recipes, modulo 2^32.
        state = 1664525 * state + 1013904223;
        bits.push_back((picture.Pixel(x, y)[channel] ^ (state % 255)) & kLowBits);
      }
    }
  }
  return bits;
}

}  // namespace

std::optional<std::string> PayloadInPixels(const RgbImage& picture, size_t limit) {
  const std::optional<Area> area = WithoutBlackRims(picture);
  if (!area) return std::nullopt;
  int first = area->right;
  int last = area->left;
  for (int x = area->left; x < area->right; ++x) {
    if (!IsBlackInLowBits(picture, *area, x)) continue;
    first = std::min(first, x);
    last = x;
  }
  // Two blocks of one width, each set off by a black column, or there is nothing hidden here.
  const int width = first - area->left;
  if (first >= last || width < 1 || area->right - last - 1 != width) return std::nullopt;
  std::vector<uint8_t> bytes = Uncovered(picture, {area->left, area->top, first, area->bottom});
  const std::vector<uint8_t> upper =
      Uncovered(picture, {last + 1, area->top, area->right, area->bottom});
  std::transform(bytes.begin(), bytes.end(), upper.begin(), bytes.begin(),
                 [](uint8_t low, uint8_t high) { return static_cast<uint8_t>(high << 4 | low); });
  auto payload = Inflate(std::as_bytes(std::span(bytes)), limit);
  if (!payload.ok()) return std::nullopt;
  return *std::move(payload);
}

}  // namespace imprint
