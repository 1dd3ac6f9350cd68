// Any bytes as the chunks of a PNG, with right checksums: what its texts and EXIF say is read
// within bounds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <zlib.h>

#include "imaging/png_facts.h"

namespace {

std::string BigEndian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

}  // namespace

// Each chunk is a byte for its type, two for its size, and its body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const char* const types[] = {"IHDR", "IDAT", "acTL", "fcTL", "cICP", "eXIf",
                               "tEXt", "zTXt", "iTXt", "IEND", "tIME"};
  std::string png = "\x89PNG\r\n\x1A\n";
  while (size >= 3) {
    const std::string type = types[data[0] % std::size(types)];
    const size_t body_size = std::min<size_t>(size - 3, data[1] << 8 | data[2]);
    const std::string body = type + std::string(reinterpret_cast<const char*>(data + 3), body_size);
    const auto* bytes = reinterpret_cast<const Bytef*>(body.data());
    png += BigEndian(static_cast<uint32_t>(body_size)) + body +
           BigEndian(static_cast<uint32_t>(crc32(0, bytes, static_cast<uInt>(body.size()))));
    data += 3 + body_size;
    size -= 3 + body_size;
  }
  png.append(reinterpret_cast<const char*>(data), size);
  const imprint::PngFacts facts = imprint::ReadPngFacts(std::as_bytes(std::span(png)));
  const int orientation = facts.exif.orientation.value_or(imprint::kUpright);
  if (orientation < 1 || orientation > 8 || facts.frames < 1) std::abort();
  return 0;
}
