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
  SniffedFormat format;
};

constexpr SniffedFormat Both(ReadFormat read, PictureFormat written, absl::string_view name) {
  return {.read = read, .written = written, .name = name};
}
constexpr SniffedFormat Read(ReadFormat read, absl::string_view name) {
  return {.read = read, .written = std::nullopt, .name = name};
}
constexpr SniffedFormat Refused(absl::string_view name) {
  return {.read = std::nullopt, .written = std::nullopt, .name = name};
}

// The first match counts.
constexpr Signature kSignatures[] = {
    {0, Bytes("\x89PNG\r\n\x1A\n"), Both(ReadFormat::kPng, PictureFormat::kPng, "PNG")},
    {0, Bytes("\xFF\xD8\xFF"), Both(ReadFormat::kJpeg, PictureFormat::kJpeg, "JPEG")},
    {8, Bytes("WEBP"), Both(ReadFormat::kWebp, PictureFormat::kWebp, "WebP")},
    {0, Bytes("II*\0"), Read(ReadFormat::kTiff, "TIFF")},
    {0, Bytes("MM\0*"), Read(ReadFormat::kTiff, "TIFF")},
    {0, Bytes("II+\0"), Read(ReadFormat::kTiff, "TIFF")},
    {0, Bytes("MM\0+"), Read(ReadFormat::kTiff, "TIFF")},
    {0, Bytes("GIF8"), Refused("GIF")},
    {0, Bytes("IIRO"), Refused("a camera's raw picture (Olympus ORF)")},
    {0, Bytes("IIRS"), Refused("a camera's raw picture (Olympus ORF)")},
    {0, Bytes("IIU\0"), Refused("a camera's raw picture (Panasonic RW2)")},
    {0, Bytes("FUJIFILMCCD-RAW"), Refused("a camera's raw picture (Fujifilm RAF)")},
    {4, Bytes("ftypcrx "), Refused("a camera's raw picture (Canon CR3)")},
    {0, Bytes("\xFF\x0A"), Refused("JPEG XL")},
    {4, Bytes("JXL \r\n\x87\n"), Refused("JPEG XL")},
    {4, Bytes("jP  \r\n\x87\n"), Refused("JPEG 2000")},
    {0, Bytes("BM"), Refused("BMP")},
    {0, Bytes("8BPS"), Refused("Photoshop")},
};

// What stands in a HEIF file's first box (ISO/IEC 23008-12, annex B; AV1 Image File Format). Those
// of several kinds of content name it after the first.
constexpr absl::string_view kHeicBrands[] = {"heic", "heix", "heim", "heis", "hevc", "hevx"};
constexpr absl::string_view kAvifBrands[] = {"avif", "avis"};
constexpr absl::string_view kHeifBrands[] = {"mif1", "mif2", "msf1"};

template <size_t kSize>
bool IsOneOf(absl::string_view brand, const absl::string_view (&brands)[kSize]) {
  return std::find(std::begin(brands), std::end(brands), brand) != std::end(brands);
}

std::optional<SniffedFormat> SniffHeif(absl::string_view text) {
  constexpr size_t kFirstBrand = 8;
  constexpr size_t kOtherBrands = 16;
  if (text.size() < kFirstBrand + 4 || text.substr(4, 4) != "ftyp") return std::nullopt;
  const absl::string_view first = text.substr(kFirstBrand, 4);
  if (IsOneOf(first, kAvifBrands)) return Read(ReadFormat::kHeif, "AVIF");
  if (IsOneOf(first, kHeicBrands)) return Read(ReadFormat::kHeif, "HEIC");
  if (!IsOneOf(first, kHeifBrands)) return std::nullopt;
  for (size_t i = kOtherBrands; i + 4 <= text.size(); i += 4) {
    if (IsOneOf(text.substr(i, 4), kAvifBrands)) return Read(ReadFormat::kHeif, "AVIF");
    if (IsOneOf(text.substr(i, 4), kHeicBrands)) return Read(ReadFormat::kHeif, "HEIC");
  }
  return Read(ReadFormat::kHeif, "HEIF");
}

constexpr absl::string_view kExtensions[] = {
    ".png",  ".apng", ".jpg",  ".jpeg", ".jfif", ".webp", ".heic", ".heif", ".hif",
    ".avif", ".tif",  ".tiff", ".gif",  ".bmp",  ".jxl",  ".jp2",  ".psd",  ".dng",
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

std::optional<PictureFormat> FormatOfExtension(absl::string_view extension) {
  for (const auto format : {PictureFormat::kPng, PictureFormat::kJpeg, PictureFormat::kWebp}) {
    if (extension == Extension(format)) return format;
  }
  return std::nullopt;
}

std::optional<SniffedFormat> SniffPicture(std::span<const std::byte> bytes) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes.data()),
                               std::min<size_t>(bytes.size(), 64));
  for (const Signature& signature : kSignatures) {
    if (text.size() > signature.offset &&
        absl::StartsWith(text.substr(signature.offset), signature.bytes)) {
      return signature.format;
    }
  }
  return SniffHeif(text);
}

bool HasPictureExtension(absl::string_view file_name) {
  return std::any_of(
      std::begin(kExtensions), std::end(kExtensions),
      [&](absl::string_view extension) { return absl::EndsWithIgnoreCase(file_name, extension); });
}

}  // namespace imprint
