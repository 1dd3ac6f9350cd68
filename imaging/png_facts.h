// Reads what the chunks of a PNG say besides its pixels. libpng 1.6 ignores some of them, and looks
// for others only before the pixels, where not every program writes them.
#pragma once

#include <optional>

#include "imaging/byte_reader.h"
#include "imaging/code_points.h"
#include "imaging/exif_facts.h"

namespace imprint {

struct PngFacts {
  bool interlaced = false;
  // The frames as an APNG counts them, including its default picture; 1 if it is none.
  int64_t frames = 1;
  // The code points in cICP, which take precedence over a profile.
  std::optional<CodePoints> code_points;
  // Whether gAMA or cHRM, as older programs write them, say other colours than sRGB's. If there is
  // an sRGB chunk, that takes precedence.
  bool colours_by_gamma = false;
  // Read from an eXIf chunk anywhere in the file, the "Raw profile type exif" or "APP1" that
  // ImageMagick and Exiv2 write as text, or XMP: in that order, as in Pillow 13, which does not
  // know APP1.
  ExifFacts exif;
};

// Reads up to the end, or to the first damage. Texts and EXIF of more than 1 MiB, also when
// inflated, and chunks with a wrong checksum are ignored.
PngFacts ReadPngFacts(ByteSpan png);

}  // namespace imprint
