// Turns pictures as their orientation says, row by row as they are decoded: no unturned copy is
// made.
#pragma once

#include <cstdint>

#include "base/picture_size.h"
#include "base/rgb_image.h"

namespace imprint {

// Returns the size of a picture of `size` once it is turned. `orientation` is 1 to 8, as EXIF's.
PictureSize UprightSize(PictureSize size, int orientation);

// Takes a picture's rows in any order. Not thread-safe.
class UprightPicture {
 public:
  UprightPicture(PictureSize size, int orientation);

  // Sets row `y` of the picture as it is stored: 3 bytes a pixel.
  void SetRow(int y, const uint8_t* row);

  RgbImage Take() && { return std::move(image_); }

 private:
  PictureSize size_;
  int orientation_;
  RgbImage image_;
};

}  // namespace imprint
