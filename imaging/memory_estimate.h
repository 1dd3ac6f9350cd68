// Estimates the memory that decoding takes, from what is known before it: the most that libvips
// 8.14 and the libraries under it were seen to take, rounded up. A test measures them. Private to
// imaging/.
#pragma once

#include <cstdint>

#include <vips/vips8>

#include "imaging/heif_facts.h"
#include "imaging/jpeg_facts.h"
#include "imaging/tiff_facts.h"

namespace imprint {

// Returns the bytes of the finished pixels and of the rows in progress, whatever the format.
int64_t PixelBytes(const vips::VImage& image);

// Return what each decoder keeps on top of that.
int64_t PngBytes(const vips::VImage& image, bool interlaced);
// Does not depend on how small it is decoded.
int64_t JpegBytes(const JpegFacts& facts);
int64_t WebpBytes(const vips::VImage& image);
int64_t HeifBytes(const vips::VImage& image, const HeifFacts& facts);
int64_t TiffBytes(const TiffFacts& facts);

}  // namespace imprint
