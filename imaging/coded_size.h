// Reads the size of the pictures inside a HEVC or AV1 bitstream. The boxes around it say that, too,
// but decoders go by the bitstream: one of 3 KB can make them take gigabytes.
#pragma once

#include <cstdint>
#include <optional>

#include "imaging/byte_reader.h"

namespace imprint {

struct CodedSize {
  int64_t width = 0;
  int64_t height = 0;

  friend bool operator==(const CodedSize&, const CodedSize&) = default;
};

// The largest size in any sequence parameter set (ITU-T H.265, 7.3.2.2): of an hvcC box, and of an
// item's data, where each NAL unit follows its size of `length_size` bytes. 0×0 where there is
// none; nothing if one cannot be read.
struct HevcConfiguration {
  CodedSize largest;
  size_t length_size = 4;
};
std::optional<HevcConfiguration> ReadHevcConfiguration(ByteSpan hvcc);
std::optional<CodedSize> LargestHevcPicture(ByteSpan item, size_t length_size);

// Returns the largest size in any sequence header (AV1 Bitstream & Decoding Process Specification,
// 5.5): of the OBUs of an av1C box and of an item's data, which decoders are given one after the
// other. 0×0 where there is none; nothing if one cannot be read, if a frame has another size than
// its sequence's, or if the box ends within an OBU.
std::optional<CodedSize> LargestAv1Picture(ByteSpan configuration, ByteSpan item);

}  // namespace imprint
