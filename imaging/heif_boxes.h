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

// Reads consecutive boxes; stops at anything that is not a whole box.
std::vector<HeifBox> ReadBoxes(ByteSpan bytes);

// One item of a `meta` box: a picture, a tile, metadata.
struct HeifItem {
  // "hvc1", "av01", "grid", "Exif".
  std::string type;
  // The item's bytes within the file, piece by piece.
  std::vector<ByteSpan> data;
  // Whether `data` is complete: pieces may lie outside the file, or in other files.
  bool data_known = true;
  // The properties that describe it: ispe, hvcC, av1C, colr, auxC.
  std::vector<HeifBox> properties;
  // The items that it is composed of ("dimg"), in order.
  std::vector<uint32_t> parts;
  // The items that it is an auxiliary picture of ("auxl").
  std::vector<uint32_t> auxiliary_of;

  // Returns the first property of the type, if any.
  const HeifBox* Property(absl::string_view type) const;
};

struct HeifMeta {
  uint32_t primary = 0;
  std::map<uint32_t, HeifItem> items;
};

// Reads the `meta` box. Nothing if there is no `meta` box of pictures, or if it cannot be read, or
// has more than 20,000 items or 200,000 of what belongs to them.
std::optional<HeifMeta> ReadHeifMeta(ByteSpan file);

}  // namespace imprint
