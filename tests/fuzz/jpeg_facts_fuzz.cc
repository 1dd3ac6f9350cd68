// Any bytes as the segments of a JPEG: read to the end, with numbers that can be.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "imaging/jpeg_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto facts = imprint::ReadJpegFacts(std::as_bytes(std::span(data, size)));
  // A marker has 2 bytes. 255 components of whole 65,535 × 65,535 in blocks of 15 fit 64 bits.
  if (facts.scans < 0 || facts.scans > static_cast<int64_t>(size / 2)) std::abort();
  if (facts.coefficient_bytes < 0) std::abort();
  return 0;
}
