// Reads what a picture's EXIF block and XMP packet say about its pixels.
#pragma once

#include <optional>

#include "imaging/byte_reader.h"
#include "imaging/tiff_structure.h"

namespace imprint {

// 1 to 8, as TIFF 6.0 and EXIF number them: 1 is upright, 6 must be turned a quarter clockwise to
// be seen as it was meant.
inline constexpr int kUpright = 1;

struct ExifFacts {
  // Nothing if it is missing, or not a number from 1 to 8.
  std::optional<int> orientation;
  // Whether Adobe RGB is marked as cameras do (DCF 2.0): interoperability R03, and no colour space
  // of EXIF's own. They embed no profile.
  bool adobe_rgb = false;
};

// Reads the TIFF structure after "Exif\0\0", which may precede it, even twice. A damaged block says
// nothing.
ExifFacts ReadExif(ByteSpan block);

// Reads a TIFF's own page, which has EXIF's fields besides its pixels'.
ExifFacts ReadExif(const TiffStructure& tiff, const TiffDirectory& page);

// Returns tiff:Orientation, which counts where EXIF has none. As in Pillow, the text is searched
// and not parsed.
std::optional<int> OrientationInXmp(ByteSpan packet);

}  // namespace imprint
