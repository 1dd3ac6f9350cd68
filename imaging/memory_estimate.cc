#include "imaging/memory_estimate.h"

namespace imprint {
namespace {

int64_t Pixels(const vips::VImage& image) { return int64_t{image.width()} * image.height(); }

// Returns the bytes of a pixel as the decoder gives it.
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

int64_t JpegBytes(const JpegFacts& facts) { return facts.coefficient_bytes; }

int64_t WebpBytes(const vips::VImage& image) { return Pixels(image) * 9; }

int64_t HeifBytes(const vips::VImage& image, const HeifFacts& facts) {
  // What was decoded, in planes, what becomes of it on the way, and RGB, all at once.
  const int64_t bytes_a_pixel = facts.full_colour_av1 ? 14 : (facts.alpha ? 12 : 9);
  return Pixels(image) * bytes_a_pixel * (facts.bits > 8 ? 2 : 1);
}

int64_t TiffBytes(const TiffFacts& facts) { return 2 * facts.piece_bytes; }

}  // namespace imprint
