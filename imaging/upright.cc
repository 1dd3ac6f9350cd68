#include "imaging/upright.h"

#include <cstddef>
#include <cstring>

namespace imprint {
namespace {

// Rows become columns.
bool IsTransposed(int orientation) { return orientation >= 5; }

// Where a stored row runs to in the upright picture: its first pixel's place and the step to the
// next one's.
struct Run {
  int x;
  int y;
  int step_x;
  int step_y;
};

Run RunOf(int row, PictureSize size, int orientation) {
  const int right = size.width - 1;
  const int bottom = size.height - 1;
  switch (orientation) {
    case 2:
      return {right, row, -1, 0};
    case 3:
      return {right, bottom - row, -1, 0};
    case 4:
      return {0, bottom - row, 1, 0};
    case 5:
      return {row, 0, 0, 1};
    case 6:
      return {bottom - row, 0, 0, 1};
    case 7:
      return {bottom - row, right, 0, -1};
    case 8:
      return {row, right, 0, -1};
    default:
      return {0, row, 1, 0};
  }
}

}  // namespace

PictureSize UprightSize(PictureSize size, int orientation) {
  return IsTransposed(orientation) ? PictureSize{size.height, size.width} : size;
}

UprightPicture::UprightPicture(PictureSize size, int orientation)
    : size_(size), orientation_(orientation) {
  const PictureSize upright = UprightSize(size, orientation);
  image_ = RgbImage::Blank(upright.width, upright.height);
}

void UprightPicture::SetRow(int y, const uint8_t* row) {
  const Run run = RunOf(y, size_, orientation_);
  uint8_t* pixel = image_.Pixel(run.x, run.y);
  const ptrdiff_t step = 3 * (run.step_x + ptrdiff_t{run.step_y} * image_.width);
  if (step == 3) {
    std::memcpy(pixel, row, 3 * static_cast<size_t>(size_.width));
    return;
  }
  for (int x = 0; x < size_.width; ++x, row += 3) {
    std::memcpy(pixel, row, 3);
    // The last step may lead out of the picture.
    if (x + 1 < size_.width) pixel += step;
  }
}

}  // namespace imprint
