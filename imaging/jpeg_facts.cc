#include "imaging/jpeg_facts.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

namespace imprint {
namespace {

enum Marker : uint8_t {
  kFirstKnownMarker = 0xC0,
  kProgressiveFrame = 0xC2,
  kHuffmanTables = 0xC4,
  kReservedFrame = 0xC8,
  kArithmeticProgressive = 0xCA,
  kArithmeticTables = 0xCC,
  kLastFrameMarker = 0xCF,
  kFirstRestart = 0xD0,
  kStartOfImage = 0xD8,
  kEndOfImage = 0xD9,
  kStartOfScan = 0xDA,
};

// A restart, or a number without a meaning, which libjpeg passes over on its search for one.
bool HasNoBody(uint8_t marker) {
  return marker < kFirstKnownMarker || (marker >= kFirstRestart && marker <= kStartOfImage);
}

bool BeginsFrame(uint8_t marker) {
  return marker >= kFirstKnownMarker && marker <= kLastFrameMarker && marker != kHuffmanTables &&
         marker != kReservedFrame && marker != kArithmeticTables;
}

struct JpegComponent {
  int64_t across;
  int64_t down;
};

struct JpegFrame {
  bool progressive = false;
  int64_t width = 0;
  int64_t height = 0;
  std::vector<JpegComponent> components;
};

JpegFrame ReadJpegFrame(uint8_t marker, ByteReader reader) {
  JpegFrame frame = {.progressive =
                         marker == kProgressiveFrame || marker == kArithmeticProgressive};
  reader.Take(1);  // bits of a number
  frame.height = reader.Short();
  frame.width = reader.Short();
  const int components = reader.Byte();
  for (int i = 0; i < components && reader.ok(); ++i) {
    reader.Take(1);  // its name
    const int factors = reader.Byte();
    frame.components.push_back({factors >> 4, factors & 0xF});
    reader.Take(1);  // its table
  }
  return frame;
}

int64_t RoundUpTo(int64_t unit, int64_t value) { return (value + unit - 1) / unit * unit; }

// Components are stored in whole blocks of 8×8, and in as many as their sampling factors group
// together.
int64_t CoefficientBytes(const JpegFrame& frame) {
  constexpr int64_t kBlock = 8;
  constexpr int64_t kBytes = 2;
  JpegComponent most = {1, 1};
  for (const JpegComponent& each : frame.components) {
    most = {std::max(most.across, each.across), std::max(most.down, each.down)};
  }
  const int64_t columns = RoundUpTo(kBlock * most.across, frame.width) / most.across;
  const int64_t rows = RoundUpTo(kBlock * most.down, frame.height) / most.down;
  int64_t coefficients = 0;
  for (const JpegComponent& each : frame.components) {
    coefficients += columns * each.across * rows * each.down;
  }
  return coefficients * kBytes;
}

// One pass over the file.
class JpegReader {
 public:
  explicit JpegReader(ByteSpan jpeg) : jpeg_(jpeg) {}

  JpegFacts Read() {
    for (auto marker = NextMarker(); marker && *marker != kEndOfImage; marker = NextMarker()) {
      if (HasNoBody(*marker)) continue;
      const ByteSpan body = TakeBody();
      if (BeginsFrame(*marker)) {
        if (!frame_) frame_ = ReadJpegFrame(*marker, ByteReader(body));
      } else if (*marker == kStartOfScan) {
        if (++facts_.scans == 1) ReadFirstScan(ByteReader(body));
      }
    }
    return facts_;
  }

 private:
  // Passes over whatever stands before it: a scan's pixels, where 0 follows 0xFF, or rubbish.
  std::optional<uint8_t> NextMarker() {
    const absl::string_view text = AsText(jpeg_);
    while (true) {
      at_ = text.find('\xFF', at_);
      at_ = text.find_first_not_of('\xFF', at_);
      if (at_ == absl::string_view::npos) return std::nullopt;
      const auto marker = static_cast<uint8_t>(text[at_++]);
      if (marker != 0) return marker;
    }
  }

  // A segment's length counts its own two bytes. One that goes on behind the file's end is empty,
  // and the last.
  ByteSpan TakeBody() {
    ByteReader reader(jpeg_.subspan(at_));
    const size_t length = reader.Short();
    const ByteSpan body = reader.Take(std::max<size_t>(length, 2) - 2);
    at_ += reader.position();
    return body;
  }

  void ReadFirstScan(ByteReader reader) {
    if (!frame_) return;
    const size_t components = reader.Byte();
    if (frame_->progressive || components < frame_->components.size()) {
      facts_.coefficient_bytes = CoefficientBytes(*frame_);
    }
  }

  ByteSpan jpeg_;
  size_t at_ = 0;
  std::optional<JpegFrame> frame_;
  JpegFacts facts_;
};

}  // namespace

JpegFacts ReadJpegFacts(ByteSpan jpeg) { return JpegReader(jpeg).Read(); }

}  // namespace imprint
