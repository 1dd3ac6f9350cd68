// A file's bytes, mapped read-only into memory: loading costs no copy, and processes on one machine
// share the pages.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "absl/status/statusor.h"

namespace imprint {

// Immutable, so any thread may read. The file must not be shortened while it is mapped.
class MappedFile {
 public:
  // Maps a file. NOT_FOUND if there is no such file, PERMISSION_DENIED if it may not be read,
  // INVALID_ARGUMENT if it is not a regular file. An empty file maps to an empty span.
  static absl::StatusOr<std::shared_ptr<const MappedFile>> Open(const std::filesystem::path& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

}  // namespace imprint
