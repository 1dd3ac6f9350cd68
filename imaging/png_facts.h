// What the chunks of a PNG say beside its pixels. libpng 1.6 passes over some of them, and looks
// for others only before the pixels, where not every program writes them.
#pragma once

#include <optional>

#include "imaging/byte_reader.h"
#include "imaging/code_points.h"
#include "imaging/exif_facts.h"

namespace imprint {

struct PngFacts {
  bool interlaced = false;
  // As an APNG counts them, its default picture too; 1 if it is none.
  int64_t frames = 1;
  // Of cICP, which counts more than a profile.
  std::optional<CodePoints> code_points;
  // Whether gAMA or cHRM, as older programs write them, say other colours than sRGB's. Where there
  // is an sRGB chunk, that counts.
  bool colours_by_gamma = false;
  // From an eXIf chunk anywhere in the file, the "Raw profile type exif" or "APP1" that ImageMagick
  // and Exiv2 write as text, or XMP: in that order, as Pillow 13 has it, which knows no APP1.
  ExifFacts exif;
};

// Reads up to the end, or to the first damage. Texts and EXIF
// of more than 1 MiB, also when inflated, and chunks with a wrong checksum say nothing.
PngFacts ReadPngFacts(ByteSpan png);

}  // namespace imprint
