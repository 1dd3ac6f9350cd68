#include "formats/torch_files/legacy_torch_file.h"

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/torch_files/pickle_limits.h"

namespace imprint {
namespace {

// 0x1950a86a20f9469cfc6c, little-endian.
constexpr absl::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr int64_t kVersion = 1001;

using Extents = std::map<std::string, absl::string_view, std::less<>>;

class LegacyStorages : public TensorStorages {
 public:
  explicit LegacyStorages(Extents extents) : extents_(std::move(extents)) {}

  absl::StatusOr<std::string> Read(const PickledStorage& storage, uint64_t begin,
                                   uint64_t size) override {
    const auto found = extents_.find(storage.key);
    if (found == extents_.end()) {
      return FieldError(absl::StrCat("storage ", Quoted(storage.key)), "none",
                        "every tensor's numbers");
    }
    return std::string(found->second.substr(begin, size));
  }

 private:
  Extents extents_;
};

// The file from front to back.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<Pickle> NextPickle() {
    auto pickle = ParsePickle(bytes_.substr(position_, kMaxPickleBytes));
    if (!pickle.ok()) return InContext(absl::StrCat("from byte ", position_), pickle.status());
    position_ += pickle->size;
    return pickle;
  }

  // One storage's bytes, which follow the count of its numbers.
  absl::StatusOr<absl::string_view> NextStorage(const PickledStorage& storage) {
    int64_t elements = 0;
    if (bytes_.size() - position_ < sizeof(elements)) return Cut(storage.key);
    std::memcpy(&elements, bytes_.data() + position_, sizeof(elements));
    position_ += sizeof(elements);
    if (elements != storage.elements) {
      return FieldError(absl::StrCat("storage ", Quoted(storage.key)),
                        absl::StrCat(elements, " numbers"),
                        absl::StrCat(storage.elements, ", as its pickle says"));
    }
    const uint64_t left = bytes_.size() - position_;
    // Divided, as the product of a stranger's count could overflow.
    if (static_cast<uint64_t>(elements) > left / ElementSize(storage.type)) return Cut(storage.key);
    const size_t size = static_cast<size_t>(elements) * ElementSize(storage.type);
    const absl::string_view bytes = bytes_.substr(position_, size);
    position_ += size;
    return bytes;
  }

 private:
  static absl::Status Cut(absl::string_view key) {
    return FieldError(absl::StrCat("storage ", Quoted(key)), "less than its size",
                      "a whole file of torch.save");
  }

  absl::string_view bytes_;
  size_t position_ = 0;
};

absl::Status CheckHeader(Reader& reader) {
  ASSIGN_OR_RETURN(const Pickle magic, reader.NextPickle());
  const auto* number = magic.root->As<PickleBytes>();
  if (number == nullptr || number->bytes != kMagic) {
    return FieldError("pickle", Describe(*magic.root),
                      "torch.save's magic number: pickles of other programs are not read");
  }
  ASSIGN_OR_RETURN(const Pickle version, reader.NextPickle());
  const auto* protocol = version.root->As<int64_t>();
  if (protocol == nullptr || *protocol != kVersion) {
    return FieldError("torch.save's version", Describe(*version.root), absl::StrCat(kVersion));
  }
  ASSIGN_OR_RETURN(const Pickle machine, reader.NextPickle());
  const PickleDict* about = AsDict(*machine.root);
  const PickleValue* little = about == nullptr ? nullptr : Find(*about, "little_endian");
  if (little == nullptr || little->As<bool>() == nullptr || !*little->As<bool>()) {
    return FieldError("little_endian", little == nullptr ? "none" : Describe(*little), "True");
  }
  return absl::OkStatus();
}

absl::StatusOr<Extents> ReadStorages(Reader& reader, const Pickle& pickle) {
  ASSIGN_OR_RETURN(const Pickle keys, reader.NextPickle());
  const auto* list = keys.root->As<PickleList>();
  if (list == nullptr) return FieldError("storage keys", Describe(*keys.root), "a list");
  Extents extents;
  for (const PickleValue* item : list->items) {
    const auto* key = item->As<std::string>();
    const auto storage = key == nullptr ? pickle.storages.end() : pickle.storages.find(*key);
    if (storage == pickle.storages.end() || extents.contains(*key)) {
      return FieldError("storage keys", Describe(*item), "each storage of the pickle once");
    }
    ASSIGN_OR_RETURN(extents[*key], reader.NextStorage(storage->second));
  }
  return extents;
}

}  // namespace

bool IsPickle(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x80} && bytes[1] <= std::byte{5};
}

absl::StatusOr<TorchContents> ReadLegacyTorchFile(std::span<const std::byte> bytes) {
  Reader reader({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  RETURN_IF_ERROR(CheckHeader(reader));
  TorchContents contents;
  ASSIGN_OR_RETURN(contents.pickle, reader.NextPickle());
  ASSIGN_OR_RETURN(Extents extents, ReadStorages(reader, contents.pickle));
  contents.storages = std::make_unique<LegacyStorages>(std::move(extents));
  return contents;
}

}  // namespace imprint
