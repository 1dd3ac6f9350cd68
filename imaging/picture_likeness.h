// How alike two pictures look, from few numbers of each: finds what was drawn twice in all but
// name.
#pragma once

#include <array>
#include <cstdint>

#include "base/rgb_image.h"

namespace imprint {

// What is kept of a picture. Made of the means of a coarse grid, it hardly changes with the file
// format, the size, or a little noise.
struct PictureLikeness {
  // Which fields of 9 x 8 grey ones are brighter than their left neighbours ("difference hash",
  // Krawetz 2013), by more than what a file format changes.
  uint64_t gradient = 0;
  // Red, green and blue of 8 x 8 fields, 0 to 255, row by row. Backgrounds that differ in nothing
  // but their colour have the same gradient.
  std::array<uint8_t, 192> colours = {};
};

// Returns what is kept of a picture of at least 1 x 1 pixels.
PictureLikeness LikenessOf(const RgbImage& picture);

struct PictureDifference {
  // Of the gradient, 0 to 64.
  int bits = 0;
  // Mean absolute difference of the colours, 0 to 255.
  double colour = 0;

  // Returns whether people would call the two the same picture at a glance.
  bool IsNearDuplicate() const { return bits <= 6 && colour <= 6; }
};

PictureDifference DifferenceOf(const PictureLikeness& a, const PictureLikeness& b);

}  // namespace imprint
