// Content-addressed bytes: a blob's name is its SHA-256.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/mapped_file.h"

namespace imprint {

// A blob's bytes. They are mapped, so that they take no memory but what the system can reclaim.
class Blob {
 public:
  explicit Blob(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {}

  std::span<const std::byte> bytes() const { return file_->bytes(); }
  absl::string_view text() const {
    return {reinterpret_cast<const char*>(bytes().data()), bytes().size()};
  }

 private:
  std::shared_ptr<const MappedFile> file_;
};

// Thread-safe.
class BlobStore {
 public:
  // A blob that is being written; for one thread at a time. If it is dropped without Commit,
  // nothing remains.
  class Writer {
   public:
    virtual ~Writer() = default;
    virtual absl::Status Append(absl::string_view bytes) = 0;
    // Ends the writing, once, and returns what was appended and its SHA-256 in hexadecimal.
    struct Sealed {
      Blob blob;
      std::string sha256;
    };
    virtual absl::StatusOr<Sealed> Seal() = 0;
    // Makes what was sealed durable and visible, once. A blob that is there already stays.
    // RESOURCE_EXHAUSTED if the disk is full.
    virtual absl::Status Commit() = 0;
  };

  virtual ~BlobStore() = default;

  virtual absl::StatusOr<std::unique_ptr<Writer>> NewWriter() = 0;
  // Writes a whole small blob and returns its SHA-256.
  absl::StatusOr<std::string> Put(absl::string_view bytes);

  // Returns the bytes, checked against the name. NOT_FOUND if there are none; DATA_LOSS if they
  // have changed; INVALID_ARGUMENT if the blob is larger than `max_bytes`.
  virtual absl::StatusOr<Blob> Get(const std::string& sha256, size_t max_bytes) = 0;

  // Deletes a blob. OK if it does not exist.
  virtual absl::Status Delete(const std::string& sha256) = 0;

  // The number of blobs, and their bytes in all.
  struct Usage {
    int64_t blobs = 0;
    int64_t bytes = 0;
  };
  virtual Usage Used() = 0;

  // Lists all blobs, for fsck.
  virtual absl::StatusOr<std::vector<std::string>> List() = 0;
};

}  // namespace imprint
