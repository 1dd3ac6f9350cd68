// The size of a picture.
#pragma once

namespace imprint {

// In pixels.
struct PictureSize {
  int width = 0;
  int height = 0;

  bool operator==(const PictureSize&) const = default;
};

}  // namespace imprint
