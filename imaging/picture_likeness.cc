#include "imaging/picture_likeness.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdlib>

namespace imprint {
namespace {

// Of the mean of a field that has one colour, as JPEG has it.
constexpr double kNoise = 2;

struct Mean {
  double red = 0;
  double green = 0;
  double blue = 0;

  // Rec. 601.
  double grey() const { return 0.299 * red + 0.587 * green + 0.114 * blue; }
};

// Of field (x, y) of a grid; each field has one pixel at least.
Mean MeanOf(const RgbImage& picture, int x, int y, int columns, int rows) {
  const int left = picture.width * x / columns;
  const int top = picture.height * y / rows;
  const int right = std::max(left + 1, picture.width * (x + 1) / columns);
  const int bottom = std::max(top + 1, picture.height * (y + 1) / rows);
  Mean mean;
  for (int row = top; row < bottom; ++row) {
    for (int column = left; column < right; ++column) {
      const uint8_t* pixel = picture.Pixel(column, row);
      mean.red += pixel[0];
      mean.green += pixel[1];
      mean.blue += pixel[2];
    }
  }
  const double pixels = static_cast<double>(right - left) * (bottom - top);
  return {mean.red / pixels, mean.green / pixels, mean.blue / pixels};
}

}  // namespace

PictureLikeness LikenessOf(const RgbImage& picture) {
  PictureLikeness likeness;
  for (int y = 0; y < 8; ++y) {
    double before = MeanOf(picture, 0, y, 9, 8).grey();
    for (int x = 1; x < 9; ++x) {
      const double grey = MeanOf(picture, x, y, 9, 8).grey();
      likeness.gradient = likeness.gradient << 1 | (grey > before + kNoise ? 1 : 0);
      before = grey;
    }
  }
  auto colour = likeness.colours.begin();
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      const Mean mean = MeanOf(picture, x, y, 8, 8);
      for (const double part : {mean.red, mean.green, mean.blue}) {
        *colour++ = static_cast<uint8_t>(std::lround(part));
      }
    }
  }
  return likeness;
}

PictureDifference DifferenceOf(const PictureLikeness& a, const PictureLikeness& b) {
  int colour = 0;
  for (size_t i = 0; i < a.colours.size(); ++i) colour += std::abs(a.colours[i] - b.colours[i]);
  return {.bits = std::popcount(a.gradient ^ b.gradient),
          .colour = colour / static_cast<double>(a.colours.size())};
}

}  // namespace imprint
