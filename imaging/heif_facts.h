// Reads what a HEIF file (ISO/IEC 23008-12) says before anything of it is decoded: HEIC, AVIF.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

#include "imaging/byte_reader.h"
#include "imaging/code_points.h"
#include "imaging/size_limit.h"

namespace imprint {

struct HeifFacts {
  // The code points of the primary picture's colour box, which it may have instead of a profile.
  std::optional<CodePoints> code_points;
  // Bits of one sample.
  int bits = 8;
  bool alpha = false;
  // Whether it is AV1 with chroma at full resolution, which takes its decoder twice the memory.
  bool full_colour_av1 = false;
};

// Checks every picture that decoding the primary one may decode: its tiles, its alpha. Decoders
// trust the bitstream more than the boxes around it, so the two are compared here. INVALID_ARGUMENT
// if a picture is over the limit or larger in its bitstream than in its boxes, if there is a
// sequence (an animation), or if the primary picture is composed in another way than by a grid of
// tiles; DATA_LOSS if something is missing or cannot be read.
absl::StatusOr<HeifFacts> ReadHeifFacts(ByteSpan heif, const SizeLimit& limit);

}  // namespace imprint
