// What kind of picture some bytes are, from their first bytes and never from a file's name.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "absl/strings/string_view.h"

namespace imprint {

// The formats that we write.
enum class PictureFormat { kPng, kJpeg, kWebp };

// The formats that we read. HEIF is HEIC and AVIF.
enum class ReadFormat { kPng, kJpeg, kWebp, kHeif, kTiff };

// "PNG", "JPEG", "WebP".
absl::string_view Name(PictureFormat format);

// What its files' names end in: ".png", ".jpg", ".webp".
absl::string_view Extension(PictureFormat format);

struct SniffedFormat {
  // Nothing if it is a format that we do not read, or not write.
  std::optional<ReadFormat> read;
  std::optional<PictureFormat> written;
  // "PNG", "GIF", "HEIC", ...
  absl::string_view name;
};

// Nothing if the bytes are no picture that we have heard of.
std::optional<SniffedFormat> SniffPicture(std::span<const std::byte> bytes);

// True if a file of this name is meant as a picture: .png, .jpg, .heic, .gif, ... in any case.
bool HasPictureExtension(absl::string_view file_name);

}  // namespace imprint
