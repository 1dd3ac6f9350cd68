#include "imaging/heif_boxes.h"

#include <algorithm>
#include <utility>

namespace imprint {
namespace {

// Far more than any picture has. A stranger's file could otherwise take much more memory than its
// size.
constexpr size_t kMaxBoxes = 50'000;
constexpr size_t kMaxItems = 20'000;
constexpr size_t kMaxParts = 200'000;

// Version and flags, which begin most boxes.
struct FullBox {
  explicit FullBox(ByteSpan body) : reader(body) {
    version = reader.Byte();
    flags = static_cast<uint32_t>(reader.Number(3));
  }
  ByteReader reader;
  uint8_t version;
  uint32_t flags;
};

// One pass over the boxes inside `meta`.
class MetaReader {
 public:
  MetaReader(ByteSpan file, ByteSpan meta) : file_(file), boxes_(ReadBoxes(meta)) {}

  std::optional<HeifMeta> Read() {
    if (const HeifBox* idat = Find(boxes_, "idat")) item_data_ = idat->body;
    const HeifBox* handler = Find(boxes_, "hdlr");
    if (handler == nullptr || !IsOfPictures(*handler)) return std::nullopt;
    const bool read =
        ReadWith("pitm", &MetaReader::ReadPrimary) && ReadWith("iinf", &MetaReader::ReadItems) &&
        ReadWith("iloc", &MetaReader::ReadPlaces) &&
        ReadWith("iprp", &MetaReader::ReadProperties) &&
        // A single picture refers to nothing.
        (Find(boxes_, "iref") == nullptr || ReadWith("iref", &MetaReader::ReadReferences));
    if (!read || meta_.items.count(meta_.primary) == 0) return std::nullopt;
    return std::move(meta_);
  }

 private:
  static const HeifBox* Find(const std::vector<HeifBox>& boxes, absl::string_view type) {
    const auto found = std::find_if(boxes.begin(), boxes.end(),
                                    [type](const HeifBox& box) { return box.type == type; });
    return found == boxes.end() ? nullptr : &*found;
  }

  static bool IsOfPictures(const HeifBox& handler) {
    FullBox box(handler.body);
    box.reader.Take(4);
    return AsText(box.reader.Take(4)) == "pict";
  }

  // Of two boxes of one type, readers would not agree which counts.
  bool ReadWith(absl::string_view type, bool (MetaReader::*read)(ByteSpan)) {
    const auto count = std::count_if(boxes_.begin(), boxes_.end(),
                                     [type](const HeifBox& box) { return box.type == type; });
    return count == 1 && (this->*read)(Find(boxes_, type)->body);
  }

  bool ReadPrimary(ByteSpan body) {
    FullBox box(body);
    meta_.primary = static_cast<uint32_t>(box.reader.Number(box.version == 0 ? 2 : 4));
    return box.reader.ok();
  }

  bool ReadItems(ByteSpan body) {
    FullBox box(body);
    const uint64_t count = box.reader.Number(box.version == 0 ? 2 : 4);
    if (!box.reader.ok() || count > kMaxItems) return false;
    for (const HeifBox& entry : ReadBoxes(box.reader.Rest())) {
      if (entry.type != "infe") continue;
      FullBox info(entry.body);
      if (info.version < 2) continue;  // of no type that is a picture
      const auto id = static_cast<uint32_t>(info.reader.Number(info.version == 2 ? 2 : 4));
      info.reader.Take(2);
      const HeifItem item = {.type = std::string(AsText(info.reader.Take(4)))};
      if (!info.reader.ok() || !meta_.items.emplace(id, item).second) return false;
      if (meta_.items.size() > kMaxItems) return false;
    }
    return true;
  }

  bool ReadPlaces(ByteSpan body) {
    FullBox box(body);
    ByteReader& reader = box.reader;
    const uint16_t sizes = reader.Short();
    const size_t offset_size = sizes >> 12;
    const size_t length_size = sizes >> 8 & 0xF;
    const size_t base_size = sizes >> 4 & 0xF;
    const size_t index_size = box.version > 0 ? sizes & 0xF : 0;
    for (const size_t size : {offset_size, length_size, base_size, index_size}) {
      if (size != 0 && size != 4 && size != 8) return false;
    }
    const size_t id_size = box.version < 2 ? 2 : 4;
    const uint64_t count = reader.Number(id_size);
    for (uint64_t i = 0; i < count && reader.ok(); ++i) {
      const auto id = static_cast<uint32_t>(reader.Number(id_size));
      const uint32_t method = box.version > 0 ? reader.Short() & 0xF : 0;
      const uint16_t elsewhere = reader.Short();
      const uint64_t base = reader.Number(base_size);
      const uint16_t extents = reader.Short();
      const auto item = meta_.items.find(id);
      if (item != meta_.items.end() && !item->second.data.empty()) return false;
      for (uint32_t k = 0; k < extents && reader.ok(); ++k) {
        reader.Take(index_size);
        const uint64_t offset = base + reader.Number(offset_size);
        const uint64_t length = reader.Number(length_size);
        if (item == meta_.items.end()) continue;
        if (++parts_ > kMaxParts) return false;
        AddData(method, elsewhere, offset, length, item->second);
      }
    }
    return reader.ok();
  }

  void AddData(uint32_t method, uint16_t elsewhere, uint64_t offset, uint64_t length,
               HeifItem& item) const {
    const ByteSpan whole = method == 0 ? file_ : item_data_;
    if (method > 1 || elsewhere != 0 || offset > whole.size()) {
      item.data_known = false;
      return;
    }
    const uint64_t rest = whole.size() - offset;
    if (length > rest) item.data_known = false;
    // No length means up to the end.
    item.data.push_back(whole.subspan(offset, length == 0 ? rest : std::min(length, rest)));
  }

  bool ReadProperties(ByteSpan body) {
    const std::vector<HeifBox> boxes = ReadBoxes(body);
    const HeifBox* container = Find(boxes, "ipco");
    if (container == nullptr) return false;
    const std::vector<HeifBox> properties = ReadBoxes(container->body);
    return std::all_of(boxes.begin(), boxes.end(), [&](const HeifBox& each) {
      return each.type != "ipma" || Associate(FullBox(each.body), properties);
    });
  }

  bool Associate(FullBox box, const std::vector<HeifBox>& properties) {
    ByteReader& reader = box.reader;
    const bool long_index = (box.flags & 1) != 0;
    const uint32_t count = reader.Long();
    for (uint32_t i = 0; i < count && reader.ok(); ++i) {
      const auto id = static_cast<uint32_t>(reader.Number(box.version < 1 ? 2 : 4));
      const int associations = reader.Byte();
      const auto item = meta_.items.find(id);
      for (int k = 0; k < associations && reader.ok(); ++k) {
        // The highest bit says that it must be understood.
        const uint32_t index = long_index ? reader.Short() & 0x7FFF : reader.Byte() & 0x7F;
        if (item == meta_.items.end() || index == 0) continue;
        if (index > properties.size() || ++parts_ > kMaxParts) return false;
        item->second.properties.push_back(properties[index - 1]);
      }
    }
    return reader.ok();
  }

  bool ReadReferences(ByteSpan body) {
    FullBox box(body);
    const size_t id_size = box.version == 0 ? 2 : 4;
    for (const HeifBox& reference : ReadBoxes(box.reader.Rest())) {
      ByteReader reader(reference.body);
      const auto item = meta_.items.find(static_cast<uint32_t>(reader.Number(id_size)));
      const int count = reader.Short();
      for (int k = 0; k < count && reader.ok(); ++k) {
        const auto to = static_cast<uint32_t>(reader.Number(id_size));
        if (item == meta_.items.end()) continue;
        if (++parts_ > kMaxParts) return false;
        if (reference.type == "dimg") item->second.parts.push_back(to);
        if (reference.type == "auxl") item->second.auxiliary_of.push_back(to);
      }
      if (!reader.ok()) return false;
    }
    return true;
  }

  ByteSpan file_;
  std::vector<HeifBox> boxes_;
  ByteSpan item_data_;
  HeifMeta meta_;
  size_t parts_ = 0;
};

}  // namespace

std::vector<HeifBox> ReadBoxes(ByteSpan bytes) {
  std::vector<HeifBox> boxes;
  ByteReader reader(bytes);
  while (reader.left() >= 8 && boxes.size() < kMaxBoxes) {
    const size_t begin = reader.position();
    uint64_t size = reader.Long();
    HeifBox box{.type = std::string(AsText(reader.Take(4)))};
    if (size == 1) size = reader.Number(8);
    const size_t header = reader.position() - begin;
    // 0 is up to the end.
    if (size == 0) size = header + reader.left();
    if (size < header || !reader.ok()) break;
    box.body = reader.Take(size - header);
    if (!reader.ok()) break;
    boxes.push_back(std::move(box));
  }
  return boxes;
}

const HeifBox* HeifItem::Property(absl::string_view type) const {
  const auto found = std::find_if(properties.begin(), properties.end(),
                                  [type](const HeifBox& box) { return box.type == type; });
  return found == properties.end() ? nullptr : &*found;
}

std::optional<HeifMeta> ReadHeifMeta(ByteSpan file) {
  for (const HeifBox& box : ReadBoxes(file)) {
    if (box.type == "meta") return MetaReader(file, FullBox(box.body).reader.Rest()).Read();
  }
  return std::nullopt;
}

}  // namespace imprint
