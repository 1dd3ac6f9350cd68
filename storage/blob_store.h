// Content-addressed bytes: a blob's name is its SHA-256.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Thread-safe.
class BlobStore {
 public:
  // A blob that is being written. Dropped without Commit, nothing remains.
  class Writer {
   public:
    virtual ~Writer() = default;
    virtual absl::Status Append(absl::string_view bytes) = 0;
    // Makes the blob durable and visible; gives its SHA-256 in hexadecimal. A blob that is there
    // already stays. RESOURCE_EXHAUSTED if the disk is full.
    virtual absl::StatusOr<std::string> Commit() = 0;
  };

  virtual ~BlobStore() = default;

  virtual absl::StatusOr<std::unique_ptr<Writer>> NewWriter() = 0;
  // A whole small blob.
  absl::StatusOr<std::string> Put(absl::string_view bytes);

  // The bytes, checked against the name. NOT_FOUND; DATA_LOSS if they are not what they were;
  // INVALID_ARGUMENT if it is larger than `max_bytes`.
  virtual absl::StatusOr<std::string> Get(const std::string& sha256, size_t max_bytes) = 0;

  // OK if it is not there.
  virtual absl::Status Delete(const std::string& sha256) = 0;

  // All blobs, for fsck.
  virtual absl::StatusOr<std::vector<std::string>> List() = 0;
};

}  // namespace imprint
