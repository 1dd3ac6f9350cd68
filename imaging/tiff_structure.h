// The structure that TIFF files and EXIF blocks share: directories of tagged numbers (TIFF 6.0,
// 1992; BigTIFF). Nothing here decodes a pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imaging/byte_reader.h"

namespace imprint {

struct TiffField {
  uint16_t tag = 0;
  // Bytes of each number; 0 if its type is not a whole number or letter.
  size_t size = 0;
  uint64_t count = 0;
  // The values, one after the other; empty if they are not within the file.
  ByteSpan values;
};

struct TiffDirectory {
  std::vector<TiffField> fields;
  // The offset of the next directory; 0 after the last.
  uint64_t next = 0;

  const TiffField* Find(uint16_t tag) const;
};

// A view of the bytes. Immutable; thread-safe.
class TiffStructure {
 public:
  // Opens a TIFF. Nothing if the bytes do not begin as a TIFF does.
  static std::optional<TiffStructure> Open(ByteSpan bytes);

  uint64_t first_directory() const { return first_; }

  // Reads a directory. Nothing if there is no whole directory at `offset`, or one of more than
  // 4,096 fields.
  std::optional<TiffDirectory> Read(uint64_t offset) const;

  // Returns value `index` of a field; nothing if there is no such field or value.
  std::optional<uint64_t> Number(const TiffField* field, size_t index = 0) const;
  // Returns a field's letters, without the zero that ends them.
  static std::string Text(const TiffField* field);

 private:
  TiffStructure(ByteSpan bytes, ByteOrder order) : bytes_(bytes), order_(order) {}

  ByteSpan bytes_;
  ByteOrder order_;
  bool big_ = false;  // BigTIFF: numbers of 8 bytes where TIFF has 4
  uint64_t first_ = 0;
};

}  // namespace imprint
