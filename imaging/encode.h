// Encodes RGB pixels as the bytes of a file.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "base/rgb_image.h"
#include "imaging/picture_format.h"

namespace imprint {

// Encodes a picture. `quality`, 1 to 100, counts for JPEG and WebP; PNG is lossless. The file says
// 300 pixels per inch, so that 512 of them are 4.3 cm on a page. Deterministic: the same picture
// gives the same bytes. INTERNAL if the encoder fails. Thread-safe.
absl::StatusOr<std::string> EncodePicture(const RgbImage& image, PictureFormat format,
                                          int quality = 92);

}  // namespace imprint
