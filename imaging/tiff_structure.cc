#include "imaging/tiff_structure.h"

#include <algorithm>

namespace imprint {
namespace {

constexpr uint64_t kMaxFields = 4096;

// Bytes of a number of each type that a directory can say; 0 where it is none.
size_t SizeOfType(uint16_t type) {
  switch (type) {
    case 1:  // BYTE
    case 2:  // ASCII
    case 7:  // UNDEFINED
      return 1;
    case 3:  // SHORT
      return 2;
    case 4:   // LONG
    case 13:  // IFD
      return 4;
    case 16:  // LONG8
    case 18:  // IFD8
      return 8;
    default:
      return 0;
  }
}

}  // namespace

const TiffField* TiffDirectory::Find(uint16_t tag) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [tag](const TiffField& field) { return field.tag == tag; });
  return found == fields.end() ? nullptr : &*found;
}

std::optional<TiffStructure> TiffStructure::Open(ByteSpan bytes) {
  const absl::string_view text = AsText(bytes.first(std::min<size_t>(bytes.size(), 2)));
  if (text != "II" && text != "MM") return std::nullopt;
  TiffStructure tiff(bytes, text == "II" ? ByteOrder::kLittle : ByteOrder::kBig);
  ByteReader header(bytes, tiff.order_);
  header.Take(2);
  const uint16_t version = header.Short();
  tiff.big_ = version == 43;
  if (version != 42 && !tiff.big_) return std::nullopt;
  if (tiff.big_ && (header.Short() != 8 || header.Short() != 0)) return std::nullopt;
  tiff.first_ = header.Number(tiff.big_ ? 8 : 4);
  if (!header.ok()) return std::nullopt;
  return tiff;
}

std::optional<TiffDirectory> TiffStructure::Read(uint64_t offset) const {
  if (offset == 0 || offset >= bytes_.size()) return std::nullopt;
  const size_t offset_size = big_ ? 8 : 4;
  ByteReader reader(bytes_.subspan(offset), order_);
  const uint64_t count = reader.Number(big_ ? 8 : 2);
  if (count > kMaxFields) return std::nullopt;
  TiffDirectory directory;
  for (uint64_t i = 0; i < count; ++i) {
    TiffField field;
    field.tag = reader.Short();
    field.size = SizeOfType(reader.Short());
    field.count = reader.Number(offset_size);
    const ByteSpan inside = reader.Take(offset_size);
    if (!reader.ok()) return std::nullopt;
    // Few values stand in the field itself, others elsewhere in the file.
    if (field.size > 0 && field.count <= bytes_.size() / field.size) {
      const size_t bytes = field.size * field.count;
      const uint64_t elsewhere = ByteReader(inside, order_).Number(offset_size);
      if (bytes <= offset_size) {
        field.values = inside.first(bytes);
      } else if (elsewhere <= bytes_.size() - bytes) {
        field.values = bytes_.subspan(elsewhere, bytes);
      }
    }
    directory.fields.push_back(field);
  }
  directory.next = reader.Number(offset_size);
  // Some writers leave the last directory's end out.
  if (!reader.ok()) directory.next = 0;
  return directory;
}

std::optional<uint64_t> TiffStructure::Number(const TiffField* field, size_t index) const {
  if (field == nullptr || field->size == 0 || index >= field->values.size() / field->size) {
    return std::nullopt;
  }
  return ByteReader(field->values.subspan(index * field->size), order_).Number(field->size);
}

std::string TiffStructure::Text(const TiffField* field) {
  if (field == nullptr || field->size != 1) return "";
  const absl::string_view text = AsText(field->values);
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace imprint
