// What a HEIF file says before anything of it is decoded (ISO/IEC 23008-12): HEIC, AVIF.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

#include "imaging/byte_reader.h"
#include "imaging/code_points.h"
#include "imaging/size_limit.h"

namespace imprint {

struct HeifFacts {
  // Of the colour box that the primary picture has for want of a profile.
  std::optional<CodePoints> code_points;
  // Of one sample.
  int bits = 8;
  bool alpha = false;
  // AV1 with as much of colour as of brightness, which takes its decoder twice the memory.
  bool full_colour_av1 = false;
};

// Looks at every picture that decoding the primary one may decode: its tiles, its alpha. Decoders
// believe the bitstream more than the boxes around it, so what both say is compared here.
// INVALID_ARGUMENT if a picture is over the limit or larger inside than it says outside, if there
// is a sequence (an animation), or if the primary picture is put together in another way than by a
// grid of tiles; DATA_LOSS if something is missing or cannot be read.
absl::StatusOr<HeifFacts> ReadHeifFacts(ByteSpan heif, const SizeLimit& limit);

}  // namespace imprint
