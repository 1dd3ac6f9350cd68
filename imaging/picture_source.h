// A picture that has been looked at and not yet decoded: what it is, how it is to be read, and what
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
  // Decodes from top to bottom as it is asked for rows. Its ICC profile, if it has one, is the one
  // to go by. May be smaller than the file's own picture.
  vips::VImage stored;
  // As EXIF numbers it.
  int orientation = 1;
  // As it is stored in the file, before it is turned.
  PictureSize full_size;
  // Memory at most, for decoder, working rows and the finished pixels together.
  int64_t bytes_to_decode = 0;
  std::vector<std::string> warnings;
};

// `bytes` must outlive the source. INVALID_ARGUMENT as DecodePicture.
absl::StatusOr<PictureSource> OpenPicture(ByteSpan bytes, const DecodeLimits& limits);

// "a damaged or truncated PNG (…); send the whole picture again", of what the decoder said.
absl::Status DamagedPicture(const SniffedFormat& format, absl::string_view why);

}  // namespace imprint
