// The boxes that HEIF files are made of (ISO/IEC 14496-12), as far as pictures need them. Private
// to imaging/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "imaging/byte_reader.h"

namespace imprint {

struct HeifBox {
  std::string type;
  ByteSpan body;
};

// The boxes in a row; stops at what is no whole box.
std::vector<HeifBox> ReadBoxes(ByteSpan bytes);

// One item of a `meta` box: a picture, a tile, metadata.
struct HeifItem {
  // "hvc1", "av01", "grid", "Exif".
  std::string type;
  // Its bytes, piece by piece, within the file.
  std::vector<ByteSpan> data;
  // Whether `data` is what the file says: pieces may lie outside it, or in other files.
  bool data_known = true;
  // What describes it: ispe, hvcC, av1C, colr, auxC.
  std::vector<HeifBox> properties;
  // Items that it is put together from ("dimg"), in order.
  std::vector<uint32_t> parts;
  // Items that it is an auxiliary picture of ("auxl").
  std::vector<uint32_t> auxiliary_of;

  // The first of the type, if any.
  const HeifBox* Property(absl::string_view type) const;
};

struct HeifMeta {
  uint32_t primary = 0;
  std::map<uint32_t, HeifItem> items;
};

// Nothing if there is no `meta` box of pictures, or if it cannot be read, or has more than 20,000
// items or 200,000 of what belongs to them.
std::optional<HeifMeta> ReadHeifMeta(ByteSpan file);

}  // namespace imprint
