// Blobs whose lifetime follows the records that name them: each lives exactly as long as a record
// names it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

#include "storage/blob_store.h"
#include "storage/database.h"

namespace imprint::registry {

// Thread-safe. A process that dies in between leaves blobs without a record, which the next start
// removes (housekeeping.h).
class RecordedBlobs {
 public:
  RecordedBlobs(Database& database, BlobStore& blobs) : database_(database), blobs_(blobs) {}

  // Holds a blob that is being recorded, which stays while this lives. If no record names it when
  // this is destroyed, it is removed. Must not be destroyed within a transaction.
  class Held {
   public:
    Held(Held&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), sha256_(std::move(other.sha256_)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (owner_ != nullptr) owner_->Release(sha256_);
    }

    const std::string& sha256() const { return sha256_; }

   private:
    friend class RecordedBlobs;
    Held(RecordedBlobs* owner, std::string sha256) : owner_(owner), sha256_(std::move(sha256)) {}

    RecordedBlobs* owner_;
    std::string sha256_;
  };

  // Stores a blob. Returns RESOURCE_EXHAUSTED if the disk is full.
  absl::StatusOr<Held> Put(absl::string_view bytes);
  // Begins a blob that comes in pieces: it is written, sealed, and then committed with Commit.
  absl::StatusOr<std::unique_ptr<BlobStore::Writer>> NewWriter() { return blobs_.NewWriter(); }
  absl::StatusOr<Held> Commit(BlobStore::Writer& writer, const std::string& sha256);

  // Like BlobStore::Get for a blob that a record names: if it is missing, that is DATA_LOSS, too.
  absl::StatusOr<Blob> Get(const std::string& sha256, size_t max_bytes);

  // To be called after records were deleted: removes those of the blobs that no other record names
  // and nobody holds.
  void RemoveUnnamed(const std::vector<std::string>& sha256s);

 private:
  void Release(const std::string& sha256);
  // Returns whether a record names it.
  absl::StatusOr<bool> IsNamed(const std::string& sha256);
  void RemoveIfUnnamed(const std::string& sha256) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Database& database_;
  BlobStore& blobs_;
  // Held while a blob is looked up and removed, so that nobody begins to rely on it in between.
  absl::Mutex mutex_;
  std::map<std::string, int> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint::registry
