// Reads what the segments of a JPEG say before anything of it is decoded (ITU-T T.81, annex B).
#pragma once

#include <cstdint>

#include "imaging/byte_reader.h"

namespace imprint {

struct JpegFacts {
  // Each scan is a pass over the whole picture, whatever it holds: 30 bytes are enough for one.
  int64_t scans = 0;
  // Bytes of the coefficients that a decoder keeps until the last scan, 2 bytes each: all of them
  // if the picture is progressive or has its colours one after the other. 0 if rows are finished as
  // they come.
  int64_t coefficient_bytes = 0;
};

// Reads up to the end of the picture, which others may follow, or to the first damage. Accepts as
// markers whatever libjpeg may accept as one.
JpegFacts ReadJpegFacts(ByteSpan jpeg);

}  // namespace imprint
