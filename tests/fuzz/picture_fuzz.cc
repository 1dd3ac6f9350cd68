// Any bytes as a picture: refused, or pixels within the limits. libvips and the decoders under it
// are as Debian built them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "imaging/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const imprint::DecodeLimits limits = {
      .max_bytes = 1 << 20, .max_side = 512, .max_pixels = 65'536};
  const auto picture = imprint::DecodePicture(std::as_bytes(std::span(data, size)), limits);
  if (!picture.ok()) return 0;
  const imprint::RgbImage& image = picture->image;
  if (image.width > limits.max_side || image.height > limits.max_side ||
      image.pixels.size() != size_t{3} * image.width * image.height) {
    std::abort();
  }
  return 0;
}
