#include "storage/folder_blob_store.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

#include "base/error_notes.h"
#include "base/mapped_file.h"
#include "base/private_path.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIncoming = "incoming";

// Callers are told which blob, or which step; where it lies is for the log.
absl::Status FileError(absl::string_view what, int error, const fs::path& path = {}) {
  const std::string text = absl::StrCat("blobs: ", what, ": ", std::strerror(error));
  absl::Status status = absl::InternalError(text);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    status = absl::ResourceExhaustedError(text);
  }
  return WithDiagnosis(std::move(status), path.string());
}

absl::Status SyncFolder(const fs::path& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return FileError("folder", errno, folder);
  const int failed = fsync(file);
  close(file);
  return failed != 0 ? FileError("folder", errno, folder) : absl::OkStatus();
}

fs::path BlobPath(const fs::path& root, const std::string& sha256) {
  return root / sha256.substr(0, 2) / sha256;
}

// Adds and removes the blobs of a folder one by one and counts them, so that a scrape lists no
// folder. Thread-safe.
class Ledger {
 public:
  explicit Ledger(const fs::path& root) : root_(root) {}

  // Those that are there already.
  absl::Status Count() {
    const absl::MutexLock lock(&mutex_);
    std::error_code error;
    for (fs::recursive_directory_iterator entry(root_, error), end; !error && entry != end;
         entry.increment(error)) {
      if (!IsSha256Hex(entry->path().filename().string())) continue;
      used_.bytes += static_cast<int64_t>(entry->file_size(error));
      ++used_.blobs;
    }
    return error ? FileError("list", error.value(), root_) : absl::OkStatus();
  }

  absl::Status Add(const fs::path& file, const std::string& sha256, int64_t bytes) {
    const fs::path path = BlobPath(root_, sha256);
    const absl::MutexLock lock(&mutex_);
    std::error_code error;
    const bool is_new = !fs::exists(path, error);
    // Replacing a blob changes nothing, as its name is its bytes' hash, and mends a damaged one.
    fs::rename(file, path, error);
    if (error) return FileError("write", error.value(), path);
    if (is_new) used_ = {.blobs = used_.blobs + 1, .bytes = used_.bytes + bytes};
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& sha256) {
    const fs::path path = BlobPath(root_, sha256);
    const absl::MutexLock lock(&mutex_);
    std::error_code error;
    const auto bytes = static_cast<int64_t>(fs::file_size(path, error));
    if (error == std::errc::no_such_file_or_directory) return absl::OkStatus();
    if (!error) fs::remove(path, error);
    if (error) return FileError("delete", error.value(), path);
    used_ = {.blobs = used_.blobs - 1, .bytes = used_.bytes - bytes};
    return absl::OkStatus();
  }

  BlobStore::Usage Used() {
    const absl::MutexLock lock(&mutex_);
    return used_;
  }

 private:
  const fs::path root_;
  absl::Mutex mutex_;
  BlobStore::Usage used_ ABSL_GUARDED_BY(mutex_);
};

class FileWriter : public BlobStore::Writer {
 public:
  FileWriter(fs::path root, Ledger& ledger, fs::path temporary, int file)
      : root_(std::move(root)), ledger_(ledger), temporary_(std::move(temporary)), file_(file) {}
  ~FileWriter() override {
    if (file_ >= 0) close(file_);
    std::error_code ignored;
    fs::remove(temporary_, ignored);
  }

  absl::Status Append(absl::string_view bytes) override {
    hash_.Update(bytes);
    bytes_ += std::ssize(bytes);
    while (!bytes.empty()) {
      const ssize_t written = write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return FileError("write", errno, temporary_);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Sealed> Seal() override {
    sha256_ = hash_.HexDigest();
    // The mapping stays good when Commit renames the file.
    auto file = MappedFile::Open(temporary_);
    if (!file.ok()) {
      return WithDiagnosis(absl::InternalError("blobs: what was written cannot be read"),
                           file.status().message());
    }
    return Sealed{Blob(*std::move(file)), sha256_};
  }

  absl::Status Commit() override {
    // First the bytes reach the disk, then the name, and the name before this returns: after a
    // crash a blob is whole or not there.
    if (fsync(file_) != 0) return FileError("write", errno, temporary_);
    close(std::exchange(file_, -1));
    const fs::path folder = BlobPath(root_, sha256_).parent_path();
    if (mkdir(folder.c_str(), kPrivateFolderMode) == 0) {
      RETURN_IF_ERROR(SyncFolder(root_));
    } else if (errno != EEXIST) {
      return FileError("write", errno, folder);
    }
    RETURN_IF_ERROR(ledger_.Add(temporary_, sha256_, bytes_));
    return SyncFolder(folder);
  }

 private:
  fs::path root_;
  Ledger& ledger_;
  fs::path temporary_;
  int file_;
  Sha256 hash_;
  std::string sha256_;
  int64_t bytes_ = 0;
};

class FolderBlobStore : public BlobStore {
 public:
  explicit FolderBlobStore(const fs::path& root) : root_(root), ledger_(root) {}

  absl::Status Count() { return ledger_.Count(); }

  absl::StatusOr<std::unique_ptr<Writer>> NewWriter() override {
    const fs::path temporary = root_ / kIncoming / absl::StrCat(next_++);
    // OpenBlobFolder empties the folder, so that numbers from 0 on are free.
    const int file =
        open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kPrivateFileMode);
    if (file < 0) return FileError("write", errno, temporary);
    return std::make_unique<FileWriter>(root_, ledger_, temporary, file);
  }

  absl::StatusOr<Blob> Get(const std::string& sha256, size_t max_bytes) override {
    if (!IsSha256Hex(sha256)) return absl::NotFoundError("blobs: no such blob");
    auto file = MappedFile::Open(BlobPath(root_, sha256));
    if (absl::IsNotFound(file.status())) {
      return absl::NotFoundError(absl::StrCat("blobs: ", sha256, " is not there"));
    }
    if (!file.ok()) {
      return WithDiagnosis(absl::InternalError(absl::StrCat("blobs: ", sha256, " cannot be read")),
                           file.status().message());
    }
    Blob blob(*std::move(file));
    if (blob.bytes().size() > max_bytes) {
      return absl::InvalidArgumentError(absl::StrCat("blobs: ", sha256, " has ",
                                                     blob.bytes().size(), " bytes; at most ",
                                                     max_bytes, " are wanted"));
    }
    if (Sha256Hex(blob.bytes()) == sha256) return blob;
    return absl::DataLossError(
        absl::StrCat("blobs: ", sha256, " is not what it was; restore it from a backup"));
  }

  absl::Status Delete(const std::string& sha256) override {
    return IsSha256Hex(sha256) ? ledger_.Remove(sha256) : absl::OkStatus();
  }

  Usage Used() override { return ledger_.Used(); }

  absl::StatusOr<std::vector<std::string>> List() override {
    std::vector<std::string> digests;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(root_, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (IsSha256Hex(name)) digests.push_back(name);
    }
    if (error) return FileError("list", error.value(), root_);
    std::sort(digests.begin(), digests.end());
    return digests;
  }

 private:
  const fs::path root_;
  Ledger ledger_;
  std::atomic<int64_t> next_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BlobStore>> OpenBlobFolder(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder / kIncoming, error);
  RETURN_IF_ERROR(MakePrivateFolder(folder));
  RETURN_IF_ERROR(MakePrivateFolder(folder / kIncoming));
  auto blobs = std::make_unique<FolderBlobStore>(folder);
  RETURN_IF_ERROR(blobs->Count());
  return blobs;
}

std::unique_ptr<BlobStore> OpenBlobFolderToLook(const fs::path& folder) {
  return std::make_unique<FolderBlobStore>(folder);
}

}  // namespace imprint
