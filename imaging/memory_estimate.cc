#include "imaging/memory_estimate.h"

#include <string>

namespace imprint {
namespace {

int64_t Pixels(const vips::VImage& image) { return int64_t{image.width()} * image.height(); }

// Of a pixel as the decoder gives it.
int64_t PixelSize(const vips::VImage& image) {
  return static_cast<int64_t>(VIPS_IMAGE_SIZEOF_PEL(image.get_image()));
}

}  // namespace

int64_t PixelBytes(const vips::VImage& image) {
  constexpr int64_t kWorkspace = 8 << 20;
  constexpr int64_t kRows = 1024;
  return 3 * Pixels(image) + kRows * image.width() * PixelSize(image) + kWorkspace;
}

int64_t PngBytes(const vips::VImage& image, bool interlaced) {
  // Its passes go over the whole picture.
  return interlaced ? Pixels(image) * PixelSize(image) : 0;
}

int64_t JpegBytes(const vips::VImage& image, PictureSize full) {
  // A progressive picture's coefficients, 2 bytes each, are all kept until the last scan.
  if (image.get_typeof("jpeg-multiscan") == 0 || image.get_int("jpeg-multiscan") == 0) return 0;
  const bool halved = image.get_typeof("jpeg-chroma-subsample") != 0 &&
                      std::string(image.get_string("jpeg-chroma-subsample")) == "4:2:0";
  const int64_t samples = halved ? 3 : 2 * int64_t{image.bands()};  // of two pixels
  return int64_t{full.width} * full.height * samples;
}

int64_t WebpBytes(const vips::VImage& image) { return Pixels(image) * 9; }

int64_t HeifBytes(const vips::VImage& image, const HeifFacts& facts) {
  // What was decoded, in planes, what becomes of it on the way, and RGB, all at once.
  const int64_t samples = facts.full_colour_av1 ? 14 : (facts.alpha ? 12 : 9);
  return Pixels(image) * samples * (facts.bits > 8 ? 2 : 1);
}

int64_t TiffBytes(const TiffFacts& facts) { return 2 * facts.piece_bytes; }

}  // namespace imprint
