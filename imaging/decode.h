// Decodes the bytes of an untrusted picture to RGB pixels, within limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "base/picture_size.h"
#include "base/rgb_image.h"

namespace imprint {

// Limits that are checked against the header before any pixel is decoded. The defaults let every
// phone's pictures through.
struct DecodeLimits {
  size_t max_bytes = 64 << 20;
  int max_side = 20'000;
  int64_t max_pixels = 64'000'000;
  // Pixels of a JPEG, which is decoded at half, a quarter or an eighth of its sides until it has at
  // most max_pixels.
  int64_t max_jpeg_pixels = 256'000'000;
  // The most memory at any moment, as BytesToDecode counts it.
  int64_t max_memory = int64_t{1} << 30;
};

struct DecodedPicture {
  RgbImage image;
  // The upright size in the file: larger than `image` if that was decoded smaller.
  PictureSize full_size;
  // Warnings for people: a colour profile that was ignored, pages that were not read. Sentences
  // without the picture's name.
  std::vector<std::string> warnings;
};

// Decodes a PNG, JPEG, WebP, HEIC, AVIF or TIFF still, turns it as its EXIF or XMP orientation
// says, converts it to 8-bit sRGB (from grey, palette, 16-bit, CMYK, the colour profile that it
// carries, cICP, or Adobe RGB as cameras mark it) and lays transparent pictures on white. A TIFF's
// first page counts, and a HEIC's primary picture. INVALID_ARGUMENT for anything else: another
// format, an animation, a picture over the limits, a truncated or damaged one. The message does not
// name the picture: the caller knows its name. Thread-safe.
absl::StatusOr<DecodedPicture> DecodePicture(std::span<const std::byte> bytes,
                                             const DecodeLimits& limits = {});

// Returns its pixels alone, within the default limits, for callers that have nobody to report the
// rest to.
absl::StatusOr<RgbImage> DecodePixels(std::span<const std::byte> bytes);

// Returns the most memory that DecodePicture will take for these bytes, including the finished
// pixels but not the bytes themselves: what a server with a budget reserves first. Reads headers
// alone, in milliseconds. INVALID_ARGUMENT for whatever DecodePicture refuses by its header.
// Thread-safe.
absl::StatusOr<int64_t> BytesToDecode(std::span<const std::byte> bytes,
                                      const DecodeLimits& limits = {});

}  // namespace imprint
