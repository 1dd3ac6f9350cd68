#include "imaging/picture_format.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"

namespace imprint {
namespace {

// A literal with all of its bytes, zeros too.
template <size_t kSize>
constexpr absl::string_view Bytes(const char (&literal)[kSize]) {
  return {literal, kSize - 1};
}

struct Signature {
  size_t offset;
  absl::string_view bytes;
  std::optional<PictureFormat> supported;
  absl::string_view name;
};

// The first match counts.
constexpr Signature kSignatures[] = {
    {0, Bytes("\x89PNG\r\n\x1A\n"), PictureFormat::kPng, "PNG"},
    {0, Bytes("\xFF\xD8\xFF"), PictureFormat::kJpeg, "JPEG"},
    {8, Bytes("WEBP"), PictureFormat::kWebp, "WebP"},
    {0, Bytes("GIF8"), std::nullopt, "GIF"},
    {0, Bytes("II*\0"), std::nullopt, "TIFF"},
    {0, Bytes("MM\0*"), std::nullopt, "TIFF"},
    {4, Bytes("ftypavif"), std::nullopt, "AVIF"},
    {4, Bytes("ftypavis"), std::nullopt, "AVIF"},
    {4, Bytes("ftypheic"), std::nullopt, "HEIC"},
    {4, Bytes("ftypheix"), std::nullopt, "HEIC"},
    {4, Bytes("ftypmif1"), std::nullopt, "HEIF"},
    {0, Bytes("\xFF\x0A"), std::nullopt, "JPEG XL"},
    {4, Bytes("JXL \r\n\x87\n"), std::nullopt, "JPEG XL"},
    {0, Bytes("BM"), std::nullopt, "BMP"},
    {0, Bytes("8BPS"), std::nullopt, "Photoshop"},
};

constexpr absl::string_view kExtensions[] = {
    ".png", ".jpg",  ".jpeg", ".webp", ".gif", ".tif",  ".tiff",
    ".bmp", ".heic", ".heif", ".avif", ".jxl", ".jfif", ".psd",
};

}  // namespace

absl::string_view Name(PictureFormat format) {
  switch (format) {
    case PictureFormat::kPng:
      return "PNG";
    case PictureFormat::kJpeg:
      return "JPEG";
    case PictureFormat::kWebp:
      return "WebP";
  }
  return "";
}

absl::string_view Extension(PictureFormat format) {
  switch (format) {
    case PictureFormat::kPng:
      return ".png";
    case PictureFormat::kJpeg:
      return ".jpg";
    case PictureFormat::kWebp:
      return ".webp";
  }
  return "";
}

std::optional<SniffedFormat> SniffPicture(std::span<const std::byte> bytes) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes.data()),
                               std::min<size_t>(bytes.size(), 32));
  for (const Signature& signature : kSignatures) {
    if (text.size() > signature.offset &&
        absl::StartsWith(text.substr(signature.offset), signature.bytes)) {
      return SniffedFormat{signature.supported, signature.name};
    }
  }
  return std::nullopt;
}

bool HasPictureExtension(absl::string_view file_name) {
  return std::any_of(
      std::begin(kExtensions), std::end(kExtensions),
      [&](absl::string_view extension) { return absl::EndsWithIgnoreCase(file_name, extension); });
}

}  // namespace imprint
