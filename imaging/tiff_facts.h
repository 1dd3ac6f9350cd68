// Reads what a TIFF file says about its first picture before anything of it is decoded.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

#include "imaging/byte_reader.h"
#include "imaging/exif_facts.h"
#include "imaging/size_limit.h"

namespace imprint {

struct TiffFacts {
  // The directory of the first picture, from 0: smaller copies of other pictures are skipped.
  int page = 0;
  // The number of pictures in the file, without those copies.
  int pictures = 1;
  ExifFacts exif;
  // How many samples a pixel has besides its colour, which come after it, and which of them, from
  // 0, is its transparency, if any. The others mean nothing in a picture: a mask, a spot colour.
  int extra = 0;
  std::optional<int> alpha;
  // Bytes that are decoded at once: a row; or a strip, where those cannot be taken apart; or a row
  // of tiles.
  int64_t piece_bytes = 0;
};

// Reads the facts. INVALID_ARGUMENT, naming what it is, for a camera's raw picture, which looks
// like a TIFF, for samples that are not a picture's (floating-point, 32 bits), an unusual
// compression or layout, more than 10,000 pages, and a picture over the limit; DATA_LOSS if there
// is no whole page.
absl::StatusOr<TiffFacts> ReadTiffFacts(ByteSpan tiff, const SizeLimit& limit);

}  // namespace imprint
