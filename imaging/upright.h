// Pictures turned as their orientation says, row by row as they are decoded: no copy of them lies
// on its side.
#pragma once

#include <cstdint>

#include "base/picture_size.h"
#include "base/rgb_image.h"

namespace imprint {

// What a picture of `size` measures once it is turned. `orientation` is 1 to 8, as EXIF's.
PictureSize UprightSize(PictureSize size, int orientation);

// Takes a picture's rows in any order. Not thread-safe.
class UprightPicture {
 public:
  UprightPicture(PictureSize size, int orientation);

  // Row `y` of the picture as it is stored: 3 bytes a pixel.
  void SetRow(int y, const uint8_t* row);

  RgbImage Take() && { return std::move(image_); }

 private:
  PictureSize size_;
  int orientation_;
  RgbImage image_;
};

}  // namespace imprint
