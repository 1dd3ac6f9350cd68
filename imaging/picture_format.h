// Recognizes the format of a picture by its first bytes and never by a file's name.
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

// Returns "PNG", "JPEG" or "WebP".
absl::string_view Name(PictureFormat format);

// Returns the extension of its files: ".png", ".jpg" or ".webp".
absl::string_view Extension(PictureFormat format);

// Returns the format of a file whose name ends in one of these; nothing for any other.
std::optional<PictureFormat> FormatOfExtension(absl::string_view extension);

struct SniffedFormat {
  // Nothing if it is a format that we do not read, or do not write.
  std::optional<ReadFormat> read;
  std::optional<PictureFormat> written;
  // "PNG", "GIF", "HEIC", ...
  absl::string_view name;
};

// Detects the format. Nothing if the bytes are no picture format that we know.
std::optional<SniffedFormat> SniffPicture(std::span<const std::byte> bytes);

// Returns true if a file of this name is meant as a picture: .png, .jpg, .heic, .gif, ... in any
// case.
bool HasPictureExtension(absl::string_view file_name);

}  // namespace imprint
