// Any bytes as an embedding file: refused, or an embedding that is the same in our own layout.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "absl/status/statusor.h"

#include "base/rgb_image.h"
#include "formats/embedding_files/a1111_hashes.h"
#include "formats/embedding_files/embedding_file.h"

namespace {

// The bytes themselves, twelve pixels a row: what pictures are decoded by has its own target.
absl::StatusOr<imprint::RgbImage> AsPixels(std::span<const std::byte> bytes) {
  constexpr int kWidth = 12;
  auto picture = imprint::RgbImage::Blank(kWidth, static_cast<int>(bytes.size() / (3 * kWidth)));
  const auto* const begin = reinterpret_cast<const uint8_t*>(bytes.data());
  std::copy_n(begin, picture.pixels.size(), picture.pixels.begin());
  return picture;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = imprint::ParseEmbeddingFile({reinterpret_cast<const char*>(data), size}, "fuzz",
                                                {.name = "mia.pt", .decode_picture = AsPixels});
  if (!read.ok()) return 0;
  if (read->values.size() != static_cast<size_t>(read->vectors) * read->width) std::abort();
  if (imprint::A1111Checksum(*read).size() != 4) std::abort();
  const auto again = imprint::ParseLearnedEmbedding(SerializeLearnedEmbedding(*read), "again");
  if (!again.ok() || again->values != read->values || again->token != read->token) std::abort();
  return 0;
}
