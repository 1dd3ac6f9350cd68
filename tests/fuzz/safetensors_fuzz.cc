// Any bytes as a safetensors file: refused, or tensors that lie within them and can be written
// again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "formats/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  imprint::TensorViews tensors;
  imprint::TensorMetadata metadata;
  if (!ParseSafetensors(bytes, "fuzz", tensors, metadata).ok()) return 0;
  const std::string again = SerializeSafetensors(tensors, metadata);
  imprint::TensorViews tensors_again;
  if (!ParseSafetensors(std::as_bytes(std::span(again)), "again", tensors_again, metadata).ok() ||
      tensors_again.size() != tensors.size()) {
    std::abort();
  }
  return 0;
}
