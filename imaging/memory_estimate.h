// What decoding takes, from what is known before it: the most that libvips 8.14 and the libraries
// under it were seen to take, rounded up. A test measures them. Private to imaging/.
#pragma once

#include <cstdint>

#include <vips/vips8>

#include "imaging/heif_facts.h"
#include "imaging/jpeg_facts.h"
#include "imaging/tiff_facts.h"

namespace imprint {

// The finished pixels and the rows on their way, whatever the format.
int64_t PixelBytes(const vips::VImage& image);

// On top of it, what each decoder keeps.
int64_t PngBytes(const vips::VImage& image, bool interlaced);
// However small it is decoded.
int64_t JpegBytes(const JpegFacts& facts);
int64_t WebpBytes(const vips::VImage& image);
int64_t HeifBytes(const vips::VImage& image, const HeifFacts& facts);
int64_t TiffBytes(const TiffFacts& facts);

}  // namespace imprint
