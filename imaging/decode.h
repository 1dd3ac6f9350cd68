// From the bytes of somebody's picture to RGB pixels, within limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/statusor.h"

#include "base/rgb_image.h"

namespace imprint {

// Checked against the header before any pixel is decoded. The defaults let every phone's pictures
// through and cost at most some 400 MB for a moment.
struct DecodeLimits {
  size_t max_bytes = 64 << 20;
  int max_side = 20'000;
  int64_t max_pixels = 64'000'000;
};

// Decodes a PNG, JPEG or WebP still, turns it as its EXIF orientation says, converts it to 8-bit
// sRGB (from grey, palette, 16-bit, CMYK, or the colour profile that it carries) and lays
// transparent pictures on white. INVALID_ARGUMENT for anything else: another format, an animation,
// a picture over the limits, a truncated or damaged one. The message does not name the picture: the
// caller knows its name. Thread-safe.
absl::StatusOr<RgbImage> DecodePicture(std::span<const std::byte> bytes,
                                       const DecodeLimits& limits = {});

}  // namespace imprint
