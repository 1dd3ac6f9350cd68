#include "imaging/coded_size.h"

#include <algorithm>
#include <vector>

#include "imaging/bit_reader.h"

namespace imprint {
namespace {

void Enlarge(const CodedSize& size, CodedSize& largest) {
  largest.width = std::max(largest.width, size.width);
  largest.height = std::max(largest.height, size.height);
}

// HEVC.

constexpr uint32_t kSequenceParameterSet = 33;

// Takes away the 3 of each 0, 0, 3, which encoders insert lest zeros look like the start of a unit.
std::vector<std::byte> WithoutEmulationPrevention(ByteSpan unit) {
  std::vector<std::byte> bytes;
  int zeros = 0;
  for (const std::byte byte : unit) {
    if (zeros >= 2 && byte == std::byte{3}) {
      zeros = 0;
      continue;
    }
    zeros = byte == std::byte{0} ? zeros + 1 : 0;
    bytes.push_back(byte);
  }
  return bytes;
}

// profile_tier_level(1, layers) of H.265, 7.3.3.
void SkipProfile(BitReader& bits, uint32_t layers) {
  constexpr size_t kProfile = 88;
  constexpr size_t kLevel = 8;
  bits.Skip(kProfile + kLevel);
  size_t more = 0;
  for (uint32_t i = 0; i < layers; ++i) {
    if (bits.Flag()) more += kProfile;
    if (bits.Flag()) more += kLevel;
  }
  if (layers > 0) bits.Skip(2 * size_t{8 - layers});
  bits.Skip(more);
}

// Returns the size in a NAL unit; 0×0 if it is no sequence parameter set of the base layer, which
// alone is decoded.
std::optional<CodedSize> ReadNalUnit(ByteSpan unit) {
  ByteReader header(unit);
  const uint32_t word = header.Short();
  if (!header.ok()) return CodedSize();
  const uint32_t type = word >> 9 & 0x3F;
  const uint32_t layer = word >> 3 & 0x3F;
  if (type != kSequenceParameterSet || layer != 0) return CodedSize();
  // The size stands near the beginning.
  constexpr size_t kEnough = 256;
  const ByteSpan body = header.Rest();
  const auto bytes = WithoutEmulationPrevention(body.first(std::min(body.size(), kEnough)));
  BitReader bits(bytes);
  bits.Skip(4);  // the video parameter set
  const uint32_t layers = bits.Bits(3);
  bits.Skip(1);
  SkipProfile(bits, layers);
  bits.ExpGolomb();  // its own number
  // chroma_format_idc, which has a flag behind it where it is 4:4:4.
  if (bits.ExpGolomb() == 3) bits.Skip(1);
  CodedSize size;
  size.width = bits.ExpGolomb();
  size.height = bits.ExpGolomb();
  if (!bits.ok()) return std::nullopt;
  return size;
}

// AV1.

enum ObuType : uint32_t { kSequenceHeader = 1, kFrameHeader = 3, kWholeFrame = 6, kRedundant = 7 };

// Reads a number in groups of 7 bits, the lowest first; AV1 allows eight groups.
uint64_t Leb128(ByteReader& reader) {
  uint64_t number = 0;
  for (int i = 0; i < 8; ++i) {
    const uint64_t byte = reader.Byte();
    number |= (byte & 0x7F) << (7 * i);
    if ((byte & 0x80) == 0) break;
  }
  return number;
}

// What of sequence_header_obu() is the size, or says where a frame's header has its own.
struct Av1Sequence {
  CodedSize size;
  bool reduced = false;
  bool equal_interval = false;
  bool decoder_model = false;
  uint32_t delay_bits = 0;
  uint32_t presentation_bits = 0;
  uint32_t frame_id_bits = 0;
  // Whether each frame says it, kSelect, or all are alike.
  static constexpr uint32_t kSelect = 2;
  uint32_t screen_content = 0;
  uint32_t integer_motion = 0;
};

void ReadTiming(BitReader& bits, Av1Sequence& sequence) {
  if (!bits.Flag()) return;
  bits.Skip(64);
  sequence.equal_interval = bits.Flag();
  if (sequence.equal_interval) bits.ExpGolomb();
  sequence.decoder_model = bits.Flag();
  if (!sequence.decoder_model) return;
  sequence.delay_bits = bits.Bits(5) + 1;
  bits.Skip(32 + 5);
  sequence.presentation_bits = bits.Bits(5) + 1;
}

void SkipOperatingPoints(BitReader& bits, const Av1Sequence& sequence) {
  const bool initial_delay = bits.Flag();
  const uint32_t points = bits.Bits(5) + 1;
  for (uint32_t i = 0; i < points; ++i) {
    bits.Skip(12);
    if (bits.Bits(5) > 7) bits.Skip(1);
    if (sequence.decoder_model && bits.Flag()) bits.Skip(2 * size_t{sequence.delay_bits} + 1);
    if (initial_delay && bits.Flag()) bits.Skip(4);
  }
}

Av1Sequence ReadSequence(BitReader& bits) {
  Av1Sequence sequence;
  bits.Skip(4);  // profile, still picture
  sequence.reduced = bits.Flag();
  if (sequence.reduced) {
    bits.Skip(5);
  } else {
    ReadTiming(bits, sequence);
    SkipOperatingPoints(bits, sequence);
  }
  const uint32_t width_bits = bits.Bits(4) + 1;
  const uint32_t height_bits = bits.Bits(4) + 1;
  sequence.size.width = int64_t{bits.Bits(width_bits)} + 1;
  sequence.size.height = int64_t{bits.Bits(height_bits)} + 1;
  if (sequence.reduced) return sequence;
  if (bits.Flag()) {
    const uint32_t delta = bits.Bits(4) + 2;
    sequence.frame_id_bits = bits.Bits(3) + delta + 1;
  }
  bits.Skip(3 + 4);               // blocks and filters, inter prediction
  if (bits.Flag()) bits.Skip(2);  // order
  sequence.screen_content = bits.Flag() ? Av1Sequence::kSelect : bits.Bits(1);
  sequence.integer_motion = Av1Sequence::kSelect;
  if (sequence.screen_content > 0 && !bits.Flag()) sequence.integer_motion = bits.Bits(1);
  return sequence;
}

// Returns whether a frame has another size than its sequence: a decoder would go by the frame's.
// Reads the beginning of uncompressed_header().
bool HasOwnSize(BitReader& bits, const Av1Sequence& sequence) {
  constexpr uint32_t kKeyFrame = 0;
  constexpr uint32_t kSwitchFrame = 3;
  if (sequence.reduced || bits.Flag()) return false;  // or it shows an earlier one
  const uint32_t type = bits.Bits(2);
  const bool shown = bits.Flag();
  if (shown && sequence.decoder_model && !sequence.equal_interval) {
    bits.Skip(sequence.presentation_bits);
  }
  if (!shown) bits.Skip(1);
  // A switch frame always says its own size.
  if (type == kSwitchFrame) return true;
  if (type != kKeyFrame || !shown) bits.Skip(1);
  bits.Skip(1);
  const bool screen_content =
      sequence.screen_content == Av1Sequence::kSelect ? bits.Flag() : sequence.screen_content != 0;
  if (screen_content && sequence.integer_motion == Av1Sequence::kSelect) bits.Skip(1);
  bits.Skip(sequence.frame_id_bits);
  return bits.Flag();
}

// OBUs in a row, over several stretches of bytes.
class Av1Reader {
 public:
  // False if they cannot be read, or are not whole. Only the last may go on up to the end without
  // saying its size.
  bool Read(ByteSpan obus, bool more_follows) {
    ByteReader reader(obus);
    while (reader.left() > 0) {
      const uint32_t header = reader.Byte();
      if ((header & 4) != 0) reader.Take(1);  // layers
      const bool says_size = (header & 2) != 0;
      if (!says_size && more_follows) return false;
      BitReader bits(reader.Take(says_size ? Leb128(reader) : reader.left()));
      if (!reader.ok() || !ReadObu(header >> 3 & 0xF, bits)) return false;
    }
    return true;
  }
  const CodedSize& largest() const { return largest_; }

 private:
  bool ReadObu(uint32_t type, BitReader& bits) {
    if (type == kSequenceHeader) {
      sequence_ = ReadSequence(bits);
      Enlarge(sequence_->size, largest_);
    } else if (type == kFrameHeader || type == kWholeFrame || type == kRedundant) {
      // Without a sequence there is nothing that a decoder could do with it.
      if (sequence_ && HasOwnSize(bits, *sequence_)) return false;
    }
    return bits.ok();
  }

  CodedSize largest_;
  std::optional<Av1Sequence> sequence_;
};

}  // namespace

std::optional<HevcConfiguration> ReadHevcConfiguration(ByteSpan hvcc) {
  // HEVCDecoderConfigurationRecord of ISO/IEC 14496-15, 8.3.3.
  HevcConfiguration configuration;
  ByteReader reader(hvcc);
  reader.Take(21);
  configuration.length_size = (reader.Byte() & 3) + size_t{1};
  const int arrays = reader.Byte();
  for (int i = 0; i < arrays; ++i) {
    reader.Take(1);
    const int units = reader.Short();
    for (int k = 0; k < units && reader.ok(); ++k) {
      const auto size = ReadNalUnit(reader.Take(reader.Short()));
      if (!size) return std::nullopt;
      Enlarge(*size, configuration.largest);
    }
  }
  if (!reader.ok()) return std::nullopt;
  return configuration;
}

std::optional<CodedSize> LargestHevcPicture(ByteSpan item, size_t length_size) {
  CodedSize largest;
  ByteReader reader(item);
  while (reader.left() > 0) {
    const auto size = ReadNalUnit(reader.Take(reader.Number(length_size)));
    if (!size || !reader.ok()) return std::nullopt;
    Enlarge(*size, largest);
  }
  return largest;
}

std::optional<CodedSize> LargestAv1Picture(ByteSpan configuration, ByteSpan item) {
  Av1Reader reader;
  if (!reader.Read(configuration, /*more_follows=*/true) || !reader.Read(item, false)) {
    return std::nullopt;
  }
  return reader.largest();
}

}  // namespace imprint
