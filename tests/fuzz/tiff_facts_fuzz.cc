// Any bytes as the directories of a TIFF, and as an EXIF block or an XMP packet: refused, or facts
// of a picture within the limit.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "imaging/exif_facts.h"
#include "imaging/tiff_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto facts = imprint::ReadTiffFacts(bytes, {.max_side = 4096, .max_pixels = 1 << 20});
  if (facts.ok() && (facts->page < 0 || facts->pictures < 1 || facts->piece_bytes < 0))
    std::abort();
  for (const auto orientation :
       {imprint::ReadExif(bytes).orientation, imprint::OrientationInXmp(bytes)}) {
    if (orientation && (*orientation < 1 || *orientation > 8)) std::abort();
  }
  return 0;
}
