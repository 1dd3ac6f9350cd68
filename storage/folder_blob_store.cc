#include "storage/folder_blob_store.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIncoming = "incoming";
constexpr size_t kDigestLength = 64;

absl::Status FileError(const fs::path& path, int error) {
  const std::string text = absl::StrCat("blobs: ", path.string(), ": ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(text);
  if (error == ENOENT) return absl::NotFoundError(text);
  return absl::InternalError(text);
}

bool IsDigest(const std::string& name) {
  return name.size() == kDigestLength && std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isxdigit(c) && !absl::ascii_isupper(c);
         });
}

absl::Status SyncFolder(const fs::path& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return FileError(folder, errno);
  const int failed = fsync(file);
  close(file);
  return failed != 0 ? FileError(folder, errno) : absl::OkStatus();
}

class FileWriter : public BlobStore::Writer {
 public:
  FileWriter(fs::path root, fs::path temporary, int file)
      : root_(std::move(root)), temporary_(std::move(temporary)), file_(file) {}
  ~FileWriter() override {
    if (file_ >= 0) close(file_);
    std::error_code ignored;
    fs::remove(temporary_, ignored);
  }

  absl::Status Append(absl::string_view bytes) override {
    hash_.Update(bytes);
    while (!bytes.empty()) {
      const ssize_t written = write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return FileError(temporary_, errno);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Commit() override {
    if (fsync(file_) != 0) return FileError(temporary_, errno);
    close(std::exchange(file_, -1));
    std::string digest = hash_.HexDigest();
    const fs::path folder = root_ / digest.substr(0, 2);
    std::error_code error;
    if (fs::create_directories(folder, error)) RETURN_IF_ERROR(SyncFolder(root_));
    if (error) return FileError(folder, error.value());
    // A blob of this name has these bytes: replacing it changes nothing, and mends a damaged one.
    fs::rename(temporary_, folder / digest, error);
    if (error) return FileError(folder / digest, error.value());
    RETURN_IF_ERROR(SyncFolder(folder));
    return digest;
  }

 private:
  fs::path root_;
  fs::path temporary_;
  int file_;
  Sha256 hash_;
};

class FolderBlobStore : public BlobStore {
 public:
  explicit FolderBlobStore(fs::path root) : root_(std::move(root)) {}

  absl::StatusOr<std::unique_ptr<Writer>> NewWriter() override {
    const fs::path temporary = root_ / kIncoming / absl::StrCat(next_++);
    const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0) return FileError(temporary, errno);
    return std::make_unique<FileWriter>(root_, temporary, file);
  }

  absl::StatusOr<std::string> Get(const std::string& sha256, size_t max_bytes) override {
    if (!IsDigest(sha256)) return absl::NotFoundError("blobs: no such blob");
    ASSIGN_OR_RETURN(const auto file, MappedFile::Open(Path(sha256)));
    const std::span<const std::byte> bytes = file->bytes();
    if (bytes.size() > max_bytes) {
      return absl::InvalidArgumentError(absl::StrCat("blobs: ", sha256, " has ", bytes.size(),
                                                     " bytes; at most ", max_bytes, " are wanted"));
    }
    std::string content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (Sha256Hex(content) == sha256) return content;
    return absl::DataLossError(absl::StrCat("blobs: ", Path(sha256).string(),
                                            " is not what it was; restore it from a backup"));
  }

  absl::Status Delete(const std::string& sha256) override {
    std::error_code error;
    if (IsDigest(sha256)) fs::remove(Path(sha256), error);
    return error ? FileError(Path(sha256), error.value()) : absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List() override {
    std::vector<std::string> digests;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(root_, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (IsDigest(name)) digests.push_back(name);
    }
    if (error) return FileError(root_, error.value());
    std::sort(digests.begin(), digests.end());
    return digests;
  }

 private:
  fs::path Path(const std::string& sha256) const { return root_ / sha256.substr(0, 2) / sha256; }

  fs::path root_;
  std::atomic<int64_t> next_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BlobStore>> OpenBlobFolder(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder / kIncoming, error);
  RETURN_IF_ERROR(EnsureWritableFolder(folder / kIncoming));
  return std::make_unique<FolderBlobStore>(folder);
}

}  // namespace imprint
