#include "imaging/fit.h"

#include <algorithm>

#include "imaging/resample.h"

namespace imprint {
namespace {

PictureArea Middle(const RgbImage& image, int width, int height) {
  return {(image.width - width) / 2, (image.height - height) / 2, width, height};
}

}  // namespace

RgbImage FitToSquare(const RgbImage& image, int size, SquareFit fit) {
  if (fit == SquareFit::kSquash) return ResizeBicubic(image, size, size);
  const int edge = std::min(image.width, image.height);
  return ResizeBicubic(image, Middle(image, edge, edge), size, size);
}

RgbImage CropAndResize(const RgbImage& image, int width, int height) {
  // The side that limits stays whole.
  const int64_t by_height = int64_t{image.height} * width / height;
  const int64_t by_width = int64_t{image.width} * height / width;
  const int64_t cropped_width = std::clamp<int64_t>(by_height, 1, image.width);
  const int64_t cropped_height = std::clamp<int64_t>(by_width, 1, image.height);
  return ResizeBicubic(
      image, Middle(image, static_cast<int>(cropped_width), static_cast<int>(cropped_height)),
      width, height);
}

RgbImage FitForClip(const RgbImage& image, int size) {
  // Only the middle of a long strip is ever seen; resizing all of it could take gigabytes.
  constexpr int kLongest = 16;
  const int edge = std::min(image.width, image.height);
  if (std::max(image.width, image.height) / edge >= kLongest) {
    return ResizeBicubic(image, Middle(image, edge, edge), size, size);
  }
  const auto scaled = [&](int side) {
    return static_cast<int>(static_cast<int64_t>(size) * side / edge);
  };
  const RgbImage resized = ResizeBicubic(image, scaled(image.width), scaled(image.height));
  return ResizeBicubic(resized, Middle(resized, size, size), size, size);
}

}  // namespace imprint
