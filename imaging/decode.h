// From the bytes of somebody's picture to RGB pixels, within limits.
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

// Checked against the header before any pixel is decoded. The defaults let every phone's pictures
// through.
struct DecodeLimits {
  size_t max_bytes = 64 << 20;
  int max_side = 20'000;
  int64_t max_pixels = 64'000'000;
  // Of a JPEG, which is decoded at half, a quarter or an eighth of its sides until it has at most
  // max_pixels.
  int64_t max_jpeg_pixels = 256'000'000;
  // Of a moment's memory, as BytesToDecode counts it.
  int64_t max_memory = int64_t{1} << 30;
};

struct DecodedPicture {
  RgbImage image;
  // Upright, as it is in the file: larger than `image` if that was decoded smaller.
  PictureSize full_size;
  // What a person should know: a colour profile that was passed over, pages that were not read.
  // Sentences without the picture's name.
  std::vector<std::string> warnings;
};

// Decodes a PNG, JPEG, WebP, HEIC, AVIF or TIFF still, turns it as its EXIF or XMP orientation
// says, converts it to 8-bit sRGB (from grey, palette, 16-bit, CMYK, the colour profile that it
// carries, cICP, or Adobe RGB as cameras mark it) and lays transparent pictures on white.
// Of a TIFF the first page counts, of a HEIC the primary picture. INVALID_ARGUMENT for anything
// else: another format, an animation, a picture over the limits, a truncated or damaged one. The
// message does not name the picture: the caller knows its name. Thread-safe.
absl::StatusOr<DecodedPicture> DecodePicture(std::span<const std::byte> bytes,
                                             const DecodeLimits& limits = {});

// Its pixels alone, within the default limits: where there is nobody to tell of the rest.
absl::StatusOr<RgbImage> DecodePixels(std::span<const std::byte> bytes);

// The memory that DecodePicture will take at most for these bytes, the finished pixels among it and
// the bytes themselves not: what a server with a budget sets aside first. Reads headers alone, in
// milliseconds. INVALID_ARGUMENT for whatever DecodePicture refuses by its header. Thread-safe.
absl::StatusOr<int64_t> BytesToDecode(std::span<const std::byte> bytes,
                                      const DecodeLimits& limits = {});

}  // namespace imprint
