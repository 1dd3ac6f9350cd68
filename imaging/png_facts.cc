#include "imaging/png_facts.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <string>
#include <zlib.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

#include "base/png/text_chunk.h"

namespace imprint {
namespace {

constexpr size_t kSignature = 8;
// The most bytes of a text, and of EXIF.
constexpr size_t kMaxText = 1 << 20;
// The most texts that are inflated, which takes time: a file needs two.
constexpr int kMaxTexts = 16;

// "\nexif\n      24\n4949…": a name, the number of bytes, and the bytes as hexadecimal digits in
// lines.
std::string BytesOfRawProfile(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  const size_t name_end = text.find('\n');
  if (name_end == absl::string_view::npos) return "";
  text = absl::StripLeadingAsciiWhitespace(text.substr(name_end));
  const size_t number_end = text.find('\n');
  size_t size = 0;
  if (number_end == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(0, number_end), &size)) {
    return "";
  }
  std::string bytes;
  int high = -1;
  for (const char c : text.substr(number_end)) {
    if (absl::ascii_isspace(c)) continue;
    if (!absl::ascii_isxdigit(c) || bytes.size() == size) break;
    const int digit = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<char>(high * 16 + digit));
      high = -1;
    }
  }
  return bytes;
}

ByteSpan AsBytes(absl::string_view text) { return std::as_bytes(std::span(text)); }

// One pass over the chunks.
class PngReader {
 public:
  PngFacts Read(ByteSpan png) {
    ByteReader reader(png);
    reader.Take(kSignature);
    while (reader.left() > 0) {
      const uint32_t size = reader.Long();
      const ByteSpan checked = reader.Take(size_t{4} + size);
      const uint32_t checksum = reader.Long();
      if (!reader.ok()) break;
      const absl::string_view type = AsText(checked.first(4));
      if (type == "IEND") break;
      if (type == "IDAT") {
        pixels_ = true;  // whose checksum is the decoder's to look at
      } else if (IsOfInterest(type) && crc32(0, reinterpret_cast<const Bytef*>(checked.data()),
                                             checked.size()) == checksum) {
        Take(type, checked.subspan(4));
      }
    }
    return Conclude();
  }

 private:
  static bool IsOfInterest(absl::string_view type) {
    constexpr absl::string_view kTypes[] = {"IHDR", "acTL", "fcTL", "cICP", "eXIf", "tEXt",
                                            "zTXt", "iTXt", "sRGB", "gAMA", "cHRM"};
    return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
  }

  void Take(absl::string_view type, ByteSpan body) {
    ByteReader reader(body);
    if (type == "IHDR") {
      if (body.size() == 13) facts_.interlaced = body[12] != std::byte{0};
    } else if (type == "acTL") {
      // Behind the pixels, neither this nor the colours below count: the specification puts them
      // before. EXIF and texts do, as many programs write them at the end.
      if (!pixels_) animated_frames_ = reader.Long();
    } else if (type == "fcTL") {
      first_is_in_animation_ |= !pixels_;
    } else if (type == "cICP") {
      if (!pixels_ && body.size() == 4) facts_.code_points = ReadCodePoints(reader);
    } else if (type == "sRGB") {
      srgb_ |= !pixels_;
    } else if (type == "gAMA") {
      if (!pixels_) facts_.colours_by_gamma |= !IsNear(kSrgbGamma, reader);
    } else if (type == "cHRM") {
      if (!pixels_) facts_.colours_by_gamma |= !IsNear(kSrgbPlaces, reader);
    } else if (body.size() > kMaxText) {
      return;
    } else if (type == "eXIf") {
      exif_ = std::string(AsText(body));
    } else if (const auto chunk = ReadTextChunk(type, AsText(body))) {
      TakeTextChunk(*chunk);
    }
  }

  // 100,000ths, as in the chunks: of one over the exponent; and of x and y of white, red, green and
  // blue (PNG 1.2, 11.3.3).
  static constexpr std::array<int64_t, 1> kSrgbGamma = {45'455};
  static constexpr std::array<int64_t, 8> kSrgbPlaces = {31'270, 32'900, 64'000, 33'000,
                                                         30'000, 60'000, 15'000, 6'000};

  // Programs round differently.
  static bool IsNear(std::span<const int64_t> expected, ByteReader& reader) {
    constexpr int64_t kTolerance = 1'000;
    const bool near = std::all_of(expected.begin(), expected.end(), [&](int64_t each) {
      return std::abs(int64_t{reader.Long()} - each) <= kTolerance;
    });
    return near || !reader.ok();
  }

  static CodePoints ReadCodePoints(ByteReader& reader) {
    CodePoints points;
    points.primaries = reader.Byte();
    points.transfer = reader.Byte();
    points.matrix = reader.Byte();
    points.full_range = reader.Byte() != 0;
    return points;
  }

  void TakeTextChunk(const TextChunk& chunk) {
    std::string* const place = PlaceOf(chunk.keyword, chunk.type);
    if (place == nullptr || ++texts_ > kMaxTexts) return;
    auto text = TextOf(chunk, kMaxText);
    if (!text.ok()) return;
    const bool raw = absl::StartsWith(chunk.keyword, "Raw profile");
    *place = raw ? BytesOfRawProfile(*text) : *std::move(text);
  }

  std::string* PlaceOf(absl::string_view keyword, absl::string_view type) {
    if (keyword == "exif" && type == "tEXt") return &exif_;  // the bytes as they are
    if (keyword == "Raw profile type exif") return &raw_exif_;
    if (keyword == "Raw profile type APP1") return &raw_app1_;
    if (keyword == "XML:com.adobe.xmp") return &xmp_;
    return nullptr;
  }

  PngFacts Conclude() {
    if (animated_frames_ > 0) {
      facts_.frames = animated_frames_ + (first_is_in_animation_ ? 0 : 1);
    }
    facts_.colours_by_gamma &= !srgb_;
    for (const std::string* block : {&exif_, &raw_exif_, &raw_app1_}) {
      if (block->empty()) continue;
      facts_.exif = ReadExif(AsBytes(*block));
      break;
    }
    if (!facts_.exif.orientation) facts_.exif.orientation = OrientationInXmp(AsBytes(xmp_));
    return facts_;
  }

  PngFacts facts_;
  // Whether those have begun.
  bool pixels_ = false;
  bool srgb_ = false;
  int texts_ = 0;
  int64_t animated_frames_ = 0;
  bool first_is_in_animation_ = false;
  std::string exif_;
  std::string raw_exif_;
  std::string raw_app1_;
  std::string xmp_;
};

}  // namespace

PngFacts ReadPngFacts(ByteSpan png) { return PngReader().Read(png); }

}  // namespace imprint
