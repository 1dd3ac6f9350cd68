// Any bytes as the boxes of a HEIF file and the bitstreams inside: refused, or facts of a picture
// within the limit.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "imaging/coded_size.h"
#include "imaging/heif_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto facts = imprint::ReadHeifFacts(bytes, {.max_side = 4096, .max_pixels = 1 << 20});
  if (facts.ok() && (facts->bits < 8 || facts->bits > 16)) std::abort();
  const auto half = bytes.first(bytes.size() / 2);
  imprint::LargestAv1Picture(half, bytes.subspan(half.size()));
  imprint::LargestAv1Picture({}, bytes);
  imprint::LargestHevcPicture(bytes, 4);
  imprint::ReadHevcConfiguration(bytes);
  return 0;
}
