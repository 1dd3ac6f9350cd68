#include "formats/torch_files/torch_zip.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <zip.h>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/torch_files/pickle_limits.h"
#include "text/unicode_text.h"

namespace imprint {
namespace {

constexpr absl::string_view kPickle = "/data.pkl";
// A checkpoint of a whole model has a thousand or two.
constexpr zip_int64_t kMaxEntries = 10'000;
// The table of SDXL's larger text encoder, 49,408 × 1,280 floats: a tensor may be a row of it.
constexpr uint64_t kMaxStorageBytes = 256 << 20;
constexpr uint64_t kMaxByteOrder = 16;

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

// An open zip whose entries are found by name. Not thread-safe.
class Archive {
 public:
  static absl::StatusOr<Archive> Open(std::span<const std::byte> bytes) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    Archive archive;
    if (source != nullptr) {
      // On success the archive owns the source; on failure it stays ours.
      archive.zip_.reset(zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
    }
    if (archive.zip_ == nullptr) {
      if (source != nullptr) zip_source_free(source);
      const std::string reason = zip_error_strerror(&error);
      zip_error_fini(&error);
      return FieldError("zip", absl::StrCat("a damaged or cut one (", reason, ")"),
                        "a whole file of torch.save");
    }
    RETURN_IF_ERROR(archive.ListEntries());
    return archive;
  }

  // The one name that ends in `ending`, under the one folder that torch makes.
  absl::StatusOr<std::string> OnlyNameEnding(absl::string_view ending) const {
    std::string found;
    for (const auto& [name, index] : entries_) {
      if (!absl::EndsWith(name, ending) || name.find('/') != name.size() - ending.size()) continue;
      if (!found.empty()) {
        return FieldError("zip", absl::StrCat(Quoted(found), " and ", Quoted(name)),
                          absl::StrCat("one ", ending.substr(1)));
      }
      found = name;
    }
    if (found.empty()) {
      return FieldError("zip", absl::StrCat("no ", ending.substr(1)), "a file of torch.save");
    }
    return found;
  }

  bool Has(absl::string_view name) const { return entries_.contains(name); }

  // The size of an entry that can be read and takes at most `limit` bytes.
  absl::StatusOr<uint64_t> Size(absl::string_view name, uint64_t limit) const {
    zip_stat_t stat;
    RETURN_IF_ERROR(Stat(name, stat));
    if (stat.size > limit) {
      return FieldError(absl::StrCat(Quoted(name), ": size"), absl::StrCat(stat.size, " bytes"),
                        absl::StrCat("at most ", limit));
    }
    return stat.size;
  }

  // Inflates no more than begin + size bytes, and holds no more than `size`.
  absl::StatusOr<std::string> Read(absl::string_view name, uint64_t begin, uint64_t size) const {
    const std::unique_ptr<zip_file_t, CloseEntry> entry(
        zip_fopen_index(zip_.get(), entries_.at(name), 0));
    if (entry == nullptr) return Damaged(name, zip_strerror(zip_.get()));
    std::array<char, 16384> skipped;
    for (uint64_t left = begin; left > 0;) {
      const uint64_t part = std::min<uint64_t>(left, skipped.size());
      RETURN_IF_ERROR(ReadExactly(name, *entry, skipped.data(), part));
      left -= part;
    }
    std::string content(size, '\0');
    RETURN_IF_ERROR(ReadExactly(name, *entry, content.data(), size));
    // The checksum is known at the end alone.
    if (zip_fread(entry.get(), skipped.data(), skipped.size()) < 0) {
      return Damaged(name, zip_file_strerror(entry.get()));
    }
    return content;
  }

  absl::StatusOr<std::string> ReadWhole(absl::string_view name, uint64_t limit) const {
    ASSIGN_OR_RETURN(const uint64_t size, Size(name, limit));
    return Read(name, 0, size);
  }

 private:
  static absl::Status Damaged(absl::string_view name, absl::string_view reason) {
    return FieldError(Quoted(name), absl::StrCat("damaged data (", reason, ")"),
                      "what torch.save wrote");
  }

  static absl::Status ReadExactly(absl::string_view name, zip_file_t& entry, char* to,
                                  uint64_t size) {
    const zip_int64_t read = zip_fread(&entry, to, size);
    if (read < 0) return Damaged(name, zip_file_strerror(&entry));
    if (static_cast<uint64_t>(read) != size) return Damaged(name, "it is shorter than it says");
    return absl::OkStatus();
  }

  absl::Status ListEntries() {
    const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
    if (count > kMaxEntries) {
      return FieldError("zip", absl::StrCat(count, " files"),
                        absl::StrCat("at most ", kMaxEntries));
    }
    for (zip_int64_t i = 0; i < count; ++i) {
      const char* name = zip_get_name(zip_.get(), i, ZIP_FL_ENC_RAW);
      if (name == nullptr || !IsUtf8(name)) {
        return FieldError("zip", absl::StrCat("a name of its file ", i, " that is no UTF-8"),
                          "what torch.save writes");
      }
      // libzip has refused directories that have a name twice.
      entries_.emplace(name, i);
    }
    return absl::OkStatus();
  }

  absl::Status Stat(absl::string_view name, zip_stat_t& stat) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      return FieldError("zip", absl::StrCat("no ", Quoted(name)), "every tensor's numbers");
    }
    constexpr zip_uint64_t kNeeded =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(zip_.get(), found->second, 0, &stat) != 0 ||
        (stat.valid & kNeeded) != kNeeded) {
      return Damaged(name, "no size");
    }
    if (stat.encryption_method != ZIP_EM_NONE) {
      return FieldError(Quoted(name), "encrypted data", "what torch.save writes");
    }
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
      return FieldError(Quoted(name), absl::StrCat("compression method ", stat.comp_method),
                        "stored (0) or deflated (8) data");
    }
    return absl::OkStatus();
  }

  std::unique_ptr<zip_t, CloseArchive> zip_;
  absl::flat_hash_map<std::string, zip_uint64_t> entries_;
};

class ZipStorages : public TensorStorages {
 public:
  // `folder` is the one that holds everything.
  ZipStorages(Archive archive, std::string folder)
      : archive_(std::move(archive)), folder_(std::move(folder)) {}

  absl::StatusOr<std::string> Read(const PickledStorage& storage, uint64_t begin,
                                   uint64_t size) override {
    const std::string name = absl::StrCat(folder_, "/data/", storage.key);
    ASSIGN_OR_RETURN(const uint64_t held, archive_.Size(name, kMaxStorageBytes));
    const uint64_t element = ElementSize(storage.type);
    if (held % element != 0 || held / element != static_cast<uint64_t>(storage.elements)) {
      return FieldError(
          Quoted(name), absl::StrCat(held, " bytes"),
          absl::StrCat(storage.elements, " numbers of ", element, " bytes, as its pickle says"));
    }
    return archive_.Read(name, begin, size);
  }

 private:
  Archive archive_;
  std::string folder_;
};

}  // namespace

bool IsZip(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && (std::memcmp(bytes.data(), "PK\3\4", 4) == 0 ||
                               std::memcmp(bytes.data(), "PK\5\6", 4) == 0);
}

absl::StatusOr<TorchContents> ReadTorchZip(std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(Archive archive, Archive::Open(bytes));
  ASSIGN_OR_RETURN(const std::string pickle_name, archive.OnlyNameEnding(kPickle));
  const std::string folder = pickle_name.substr(0, pickle_name.size() - kPickle.size());
  // Older versions of torch wrote none, and only on little-endian machines.
  if (const std::string name = folder + "/byteorder"; archive.Has(name)) {
    ASSIGN_OR_RETURN(const std::string order, archive.ReadWhole(name, kMaxByteOrder));
    if (order != "little") return FieldError("byteorder", Quoted(order), "\"little\"");
  }
  ASSIGN_OR_RETURN(const std::string pickle, archive.ReadWhole(pickle_name, kMaxPickleBytes));
  TorchContents contents;
  ASSIGN_OR_RETURN(contents.pickle, ParsePickle(pickle));
  if (contents.pickle.size != pickle.size()) {
    return FieldError(pickle_name,
                      absl::StrCat(pickle.size() - contents.pickle.size, " bytes more"),
                      "one pickle");
  }
  contents.storages = std::make_unique<ZipStorages>(std::move(archive), folder);
  return contents;
}

}  // namespace imprint
