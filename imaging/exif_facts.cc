#include "imaging/exif_facts.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace imprint {
namespace {

constexpr uint16_t kOrientation = 0x0112;
constexpr uint16_t kExifDirectory = 0x8769;
constexpr uint16_t kInteroperabilityDirectory = 0xA005;
constexpr uint16_t kColorSpace = 0xA001;
constexpr uint16_t kInteroperabilityIndex = 0x0001;
constexpr uint64_t kSrgb = 1;

std::optional<int> ValidOrientation(std::optional<uint64_t> number) {
  if (!number || *number < 1 || *number > 8) return std::nullopt;
  return static_cast<int>(*number);
}

// Reads the directory that a field of another points to.
std::optional<TiffDirectory> Follow(const TiffStructure& tiff, const TiffDirectory& from,
                                    uint16_t tag) {
  const auto offset = tiff.Number(from.Find(tag));
  return offset ? tiff.Read(*offset) : std::nullopt;
}

bool IsAdobeRgb(const TiffStructure& tiff, const TiffDirectory& first) {
  const auto exif = Follow(tiff, first, kExifDirectory);
  if (!exif || tiff.Number(exif->Find(kColorSpace)) == kSrgb) return false;
  const auto interoperability = Follow(tiff, *exif, kInteroperabilityDirectory);
  return interoperability &&
         TiffStructure::Text(interoperability->Find(kInteroperabilityIndex)) == "R03";
}

}  // namespace

ExifFacts ReadExif(ByteSpan block) {
  constexpr absl::string_view kPrefix("Exif\0\0", 6);
  for (int times = 0; times < 2 && absl::StartsWith(AsText(block), kPrefix); ++times) {
    block = block.subspan(kPrefix.size());
  }
  const auto tiff = TiffStructure::Open(block);
  if (!tiff) return {};
  const auto first = tiff->Read(tiff->first_directory());
  return first ? ReadExif(*tiff, *first) : ExifFacts();
}

ExifFacts ReadExif(const TiffStructure& tiff, const TiffDirectory& page) {
  return {.orientation = ValidOrientation(tiff.Number(page.Find(kOrientation))),
          .adobe_rgb = IsAdobeRgb(tiff, page)};
}

std::optional<int> OrientationInXmp(ByteSpan packet) {
  constexpr absl::string_view kName = "tiff:Orientation";
  const absl::string_view text = AsText(packet);
  for (size_t at = text.find(kName); at != absl::string_view::npos; at = text.find(kName, at + 1)) {
    absl::string_view value = text.substr(at + kName.size());
    if (absl::StartsWith(value, "=\"")) {
      value.remove_prefix(2);
    } else if (absl::StartsWith(value, ">")) {
      value.remove_prefix(1);
    } else {
      continue;
    }
    if (value.empty() || value[0] < '0' || value[0] > '9') continue;
    return ValidOrientation(static_cast<uint64_t>(value[0] - '0'));
  }
  return std::nullopt;
}

}  // namespace imprint
