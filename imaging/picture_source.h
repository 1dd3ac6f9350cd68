// A picture that has been inspected but not yet decoded: what it is, how it is to be read, and what
// that will take. Private to imaging/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <vips/vips8>

#include "base/picture_size.h"
#include "imaging/byte_reader.h"
#include "imaging/decode.h"
#include "imaging/picture_format.h"

namespace imprint {

struct PictureSource {
  SniffedFormat format;
  // Decodes from top to bottom as rows are requested. Its ICC profile, if it has one, is the one to
  // use. May be smaller than the file's own picture.
  vips::VImage stored;
  // The orientation as EXIF numbers it.
  int orientation = 1;
  // The size as it is stored in the file, before it is turned.
  PictureSize full_size;
  // The most memory for decoder, working rows and the finished pixels together.
  int64_t bytes_to_decode = 0;
  std::vector<std::string> warnings;
};

// Opens a picture. `bytes` must outlive the source. INVALID_ARGUMENT as for DecodePicture.
absl::StatusOr<PictureSource> OpenPicture(ByteSpan bytes, const DecodeLimits& limits);

// Returns "a damaged or truncated PNG (…); send the whole picture again", with what the decoder
// said.
absl::Status DamagedPicture(const SniffedFormat& format, absl::string_view why);

}  // namespace imprint
