#include "imaging/tiff_facts.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "imaging/tiff_structure.h"

namespace imprint {
namespace {

constexpr int kMaxPages = 10'000;
constexpr int kMaxSubDirectories = 16;

enum Tag : uint16_t {
  kSubfileType = 254,
  kWidth = 256,
  kHeight = 257,
  kBitsPerSample = 258,
  kCompression = 259,
  kPhotometric = 262,
  kSamplesPerPixel = 277,
  kRowsPerStrip = 278,
  kPlanarConfiguration = 284,
  kSubDirectories = 330,
  kTileWidth = 322,
  kTileHeight = 323,
  kExtraSamples = 338,
  kSampleFormat = 339,
  kDngVersion = 50706,
};

// A directory's numbers, with the values that TIFF 6.0 gives those that are left out.
class Page {
 public:
  Page(const TiffStructure& tiff, const TiffDirectory& directory)
      : tiff_(tiff), directory_(directory) {}

  bool Has(Tag tag) const { return directory_.Find(tag) != nullptr; }
  uint64_t Get(Tag tag, uint64_t otherwise) const {
    return tiff_.Number(directory_.Find(tag)).value_or(otherwise);
  }
  // Every value of a field.
  std::vector<uint64_t> All(Tag tag, size_t most) const {
    std::vector<uint64_t> values;
    const TiffField* field = directory_.Find(tag);
    for (size_t i = 0; i < most; ++i) {
      const auto value = tiff_.Number(field, i);
      if (!value) break;
      values.push_back(*value);
    }
    return values;
  }

  bool IsSmallerCopy() const { return (Get(kSubfileType, 0) & 1) != 0; }

 private:
  const TiffStructure& tiff_;
  const TiffDirectory& directory_;
};

absl::Status RefuseRaw(absl::string_view kind) {
  return absl::InvalidArgumentError(absl::StrCat(
      "a camera's raw picture (", kind, ") is not supported; export it as JPEG, PNG or TIFF"));
}

// Raw pictures of TIFF/EP and DNG have what a sensor saw and no picture yet.
bool IsSensorData(const Page& page) {
  constexpr uint64_t kColorFilterArray = 32803;
  constexpr uint64_t kLinearRaw = 34892;
  const uint64_t photometric = page.Get(kPhotometric, 0);
  return photometric == kColorFilterArray || photometric == kLinearRaw;
}

absl::Status CheckNoRaw(ByteSpan bytes, const TiffStructure& tiff, const TiffDirectory& first) {
  const Page page(tiff, first);
  if (page.Has(kDngVersion)) return RefuseRaw("DNG");
  if (absl::StartsWith(AsText(bytes).substr(std::min<size_t>(bytes.size(), 8)), "CR")) {
    return RefuseRaw("Canon CR2");
  }
  if (IsSensorData(page)) return RefuseRaw("of the TIFF kind");
  for (const uint64_t offset : page.All(kSubDirectories, kMaxSubDirectories)) {
    const auto inside = tiff.Read(offset);
    if (inside && IsSensorData(Page(tiff, *inside))) {
      return RefuseRaw("of the TIFF kind, such as NEF or ARW");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCompression(uint64_t compression) {
  constexpr uint64_t kRead[] = {
      1,         // none
      2,         // CCITT, of fax machines: three kinds
      3,     4,  //
      5,         // LZW
      7,         // JPEG
      8,         // Deflate, under its two numbers
      32946,     //
      32773,     // PackBits
  };
  if (std::find(std::begin(kRead), std::end(kRead), compression) != std::end(kRead)) {
    return absl::OkStatus();
  }
  return FieldError("compression of the TIFF", absl::StrCat("number ", compression),
                    "none, LZW, Deflate, PackBits, JPEG or CCITT");
}

absl::Status CheckSamples(const Page& page) {
  constexpr uint64_t kMaxSamples = 5;
  constexpr uint64_t kMaxPhotometric = 8;  // grey, RGB, palette, mask, CMYK, YCbCr, Lab
  constexpr uint64_t kUnsigned = 1;
  constexpr uint64_t kUnsaid = 4;
  const uint64_t samples = page.Get(kSamplesPerPixel, 1);
  if (samples < 1 || samples > kMaxSamples) {
    return FieldError("numbers a pixel", absl::StrCat(samples), "1 to 5");
  }
  const std::vector<uint64_t> bits = page.All(kBitsPerSample, kMaxSamples);
  for (const uint64_t each : bits) {
    const bool known = each == 1 || each == 2 || each == 4 || each == 8 || each == 16;
    if (!known || each != bits.front()) {
      return FieldError("bits of the TIFF", absl::StrCat(each), "1, 2, 4, 8 or 16, all alike");
    }
  }
  for (const uint64_t format : page.All(kSampleFormat, kMaxSamples)) {
    if (format == kUnsigned || format == kUnsaid) continue;
    return FieldError("numbers of the TIFF", format == 3 ? "floating-point" : "signed",
                      "whole ones of 8 or 16 bits");
  }
  if (const uint64_t photometric = page.Get(kPhotometric, 1); photometric > kMaxPhotometric) {
    return FieldError("colours of the TIFF", absl::StrCat("number ", photometric),
                      "grey, RGB, a palette, CMYK, YCbCr or Lab");
  }
  return CheckCompression(page.Get(kCompression, 1));
}

int ColoursOf(uint64_t photometric) {
  switch (photometric) {
    case 2:  // RGB
    case 6:  // YCbCr
    case 8:  // Lab
      return 3;
    case 5:  // CMYK
      return 4;
    default:
      return 1;
  }
}

// Says which channel is transparency: libvips 8.14 takes any that are more than the colours for it.
void ReadChannels(const Page& page, TiffFacts& facts) {
  constexpr uint64_t kAssociatedAlpha = 1;
  constexpr uint64_t kUnassociatedAlpha = 2;
  const auto samples = static_cast<int>(page.Get(kSamplesPerPixel, 1));
  facts.extra = std::max(samples - ColoursOf(page.Get(kPhotometric, 1)), 0);
  if (facts.extra == 1 && !page.Has(kExtraSamples)) {
    facts.alpha = 0;  // Pillow, too, takes one that is not explained for it
    return;
  }
  const std::vector<uint64_t> kinds = page.All(kExtraSamples, static_cast<size_t>(facts.extra));
  for (size_t i = 0; i < kinds.size() && !facts.alpha; ++i) {
    if (kinds[i] == kAssociatedAlpha || kinds[i] == kUnassociatedAlpha) {
      facts.alpha = static_cast<int>(i);
    }
  }
}

struct CodedPage {
  int64_t width;
  int64_t height;
};

absl::StatusOr<int64_t> PieceBytes(const Page& page, const SizeLimit& limit) {
  constexpr uint64_t kMost = INT32_MAX;
  const auto width = static_cast<int64_t>(std::min(page.Get(kWidth, 0), kMost));
  const auto height = static_cast<int64_t>(std::min(page.Get(kHeight, 0), kMost));
  if (width == 0 || height == 0) return absl::DataLossError("a page without a size");
  RETURN_IF_ERROR(CheckSize(CodedPage{width, height}, limit));
  const auto pixel_bytes = static_cast<int64_t>(
      std::max<uint64_t>(1, page.Get(kSamplesPerPixel, 1) * page.Get(kBitsPerSample, 1) / 8));
  if (!page.Has(kTileWidth)) {
    constexpr uint64_t kJpeg = 7;
    constexpr uint64_t kPlanes = 2;
    // These are not decoded row by row, and a strip may be the whole picture.
    const bool whole_strips =
        page.Get(kCompression, 1) == kJpeg || page.Get(kPlanarConfiguration, 1) == kPlanes;
    if (!whole_strips) return width * pixel_bytes;
    const auto rows = static_cast<int64_t>(std::min<uint64_t>(
        page.Get(kRowsPerStrip, static_cast<uint64_t>(height)), static_cast<uint64_t>(height)));
    return rows * width * pixel_bytes;
  }
  constexpr uint64_t kMaxTile = 4096;
  const uint64_t tile_width = page.Get(kTileWidth, 0);
  const uint64_t tile_height = page.Get(kTileHeight, 0);
  if (tile_width < 1 || tile_width > kMaxTile || tile_height < 1 || tile_height > kMaxTile) {
    return FieldError("tiles of the TIFF", absl::StrCat(tile_width, "×", tile_height),
                      absl::StrCat("at most ", kMaxTile, " pixels a side"));
  }
  return (width + static_cast<int64_t>(tile_width)) * static_cast<int64_t>(tile_height) *
         pixel_bytes;
}

// Which page is the first picture, and how many there are.
struct Pages {
  TiffDirectory first;
  int page = 0;
  int pictures = 0;
};

absl::StatusOr<Pages> WalkPages(const TiffStructure& tiff) {
  std::optional<Pages> pages;
  std::optional<TiffDirectory> very_first;
  // Directories name the next one's place, and may go round in circles.
  absl::flat_hash_set<uint64_t> seen;
  int page = 0;
  for (uint64_t offset = tiff.first_directory(); offset != 0 && seen.insert(offset).second;) {
    if (page == kMaxPages) {
      return FieldError("pages", absl::StrCat("more than ", kMaxPages), "a TIFF of one page");
    }
    const auto directory = tiff.Read(offset);
    if (!directory) break;
    if (!very_first) very_first = directory;
    if (!Page(tiff, *directory).IsSmallerCopy()) {
      if (!pages) pages = Pages{.first = *directory, .page = page};
      ++pages->pictures;
    }
    offset = directory->next;
    ++page;
  }
  // Of a file that has nothing but smaller copies, the first one is the picture.
  if (pages) return *pages;
  if (very_first) return Pages{.first = *very_first, .page = 0, .pictures = 1};
  return absl::DataLossError("no page");
}

}  // namespace

absl::StatusOr<TiffFacts> ReadTiffFacts(ByteSpan bytes, const SizeLimit& limit) {
  const auto tiff = TiffStructure::Open(bytes);
  if (!tiff) return absl::DataLossError("no header");
  ASSIGN_OR_RETURN(const Pages pages, WalkPages(*tiff));
  const auto very_first = tiff->Read(tiff->first_directory());
  RETURN_IF_ERROR(CheckNoRaw(bytes, *tiff, *very_first));
  const Page page(*tiff, pages.first);
  RETURN_IF_ERROR(CheckSamples(page));
  TiffFacts facts = {.page = pages.page, .pictures = pages.pictures};
  ASSIGN_OR_RETURN(facts.piece_bytes, PieceBytes(page, limit));
  ReadChannels(page, facts);
  facts.exif = ReadExif(*tiff, pages.first);
  return facts;
}

}  // namespace imprint
