#include "imaging/resample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace imprint {
namespace {

// Pillow's PRECISION_BITS: 8 bits are the pixel's, and 2 leave room for what the kernel overshoots.
constexpr int kPrecisionBits = 32 - 8 - 2;
constexpr double kKernelSupport = 2.0;

double Bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

// The source pixels first .. first + weights.size() - 1 that make one target pixel.
struct Window {
  int first;
  std::vector<int32_t> weights;
};

std::vector<Window> Windows(int source_size, int target_size) {
  const double scale = static_cast<double>(source_size) / target_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = kKernelSupport * filter_scale;

  std::vector<Window> windows(target_size);
  std::vector<double> kernel;
  for (int target = 0; target < target_size; ++target) {
    const double center = (target + 0.5) * scale;
    // Truncated as Pillow truncates, not rounded.
    // NOLINTBEGIN(bugprone-incorrect-roundings)
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), source_size);
    // NOLINTEND(bugprone-incorrect-roundings)
    kernel.clear();
    double sum = 0;
    for (int x = first; x < last; ++x) {
      kernel.push_back(Bicubic((x - center + 0.5) * (1.0 / filter_scale)));
      sum += kernel.back();
    }
    windows[target].first = first;
    for (double weight : kernel) {
      if (sum != 0.0) weight /= sum;
      const double scaled = weight * (1 << kPrecisionBits);
      windows[target].weights.push_back(
          static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5));
    }
  }
  return windows;
}

uint8_t ToByte(int32_t accumulated) {
  return static_cast<uint8_t>(std::clamp(accumulated >> kPrecisionBits, 0, 255));
}

RgbImage ResizeColumns(const RgbImage& image, const PictureArea& area, int width) {
  RgbImage result = RgbImage::Blank(width, area.height);
  const std::vector<Window> windows = Windows(area.width, width);
  for (int y = 0; y < area.height; ++y) {
    uint8_t* target = result.Row(y);
    for (const Window& window : windows) {
      for (int channel = 0; channel < 3; ++channel) {
        // A half, so that the shift in ToByte rounds.
        int32_t sum = 1 << (kPrecisionBits - 1);
        const uint8_t* pixel = image.Pixel(area.left + window.first, area.top + y) + channel;
        for (const int32_t weight : window.weights) {
          sum += *pixel * weight;
          pixel += 3;
        }
        *target++ = ToByte(sum);
      }
    }
  }
  return result;
}

RgbImage ResizeRows(const RgbImage& image, const PictureArea& area, int height) {
  RgbImage result = RgbImage::Blank(area.width, height);
  const std::vector<Window> windows = Windows(area.height, height);
  const int row_bytes = 3 * area.width;
  std::vector<int32_t> sums(row_bytes);
  for (int y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), 1 << (kPrecisionBits - 1));
    for (size_t k = 0; k < windows[y].weights.size(); ++k) {
      const uint8_t* source =
          image.Pixel(area.left, area.top + windows[y].first + static_cast<int>(k));
      const int32_t weight = windows[y].weights[k];
      for (int i = 0; i < row_bytes; ++i) sums[i] += source[i] * weight;
    }
    std::transform(sums.begin(), sums.end(), result.Row(y), ToByte);
  }
  return result;
}

RgbImage Crop(const RgbImage& image, const PictureArea& area) {
  RgbImage result = RgbImage::Blank(area.width, area.height);
  for (int y = 0; y < area.height; ++y) {
    std::memcpy(result.Row(y), image.Pixel(area.left, area.top + y),
                3 * static_cast<size_t>(area.width));
  }
  return result;
}

PictureArea Whole(const RgbImage& image) { return {0, 0, image.width, image.height}; }

}  // namespace

RgbImage ResizeBicubic(const RgbImage& image, int width, int height) {
  return ResizeBicubic(image, Whole(image), width, height);
}

RgbImage ResizeBicubic(const RgbImage& image, const PictureArea& area, int width, int height) {
  if (width == area.width && height == area.height) return Crop(image, area);
  // Pillow leaves out a pass that would change nothing and, from version 13 on, does the rows first
  // where that spares the columns' pass much work (python-pillow/Pillow#9549).
  const bool rows_first = area.height > height && area.height - height > 2 * (area.width - width);
  if (height == area.height) return ResizeColumns(image, area, width);
  if (width == area.width) return ResizeRows(image, area, height);
  // Large pictures are not copied first.
  const RgbImage between =
      rows_first ? ResizeRows(image, area, height) : ResizeColumns(image, area, width);
  return rows_first ? ResizeColumns(between, Whole(between), width)
                    : ResizeRows(between, Whole(between), height);
}

}  // namespace imprint
