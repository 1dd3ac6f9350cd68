#include "services/registry/recorded_blobs.h"

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "services/registry/registry_schema.h"
#include "services/server/log.h"

namespace imprint::registry {

absl::StatusOr<RecordedBlobs::Held> RecordedBlobs::Put(absl::string_view bytes) {
  ASSIGN_OR_RETURN(const auto writer, NewWriter());
  RETURN_IF_ERROR(writer->Append(bytes));
  ASSIGN_OR_RETURN(const BlobStore::Writer::Sealed sealed, writer->Seal());
  return Commit(*writer, sealed.sha256);
}

absl::StatusOr<RecordedBlobs::Held> RecordedBlobs::Commit(BlobStore::Writer& writer,
                                                          const std::string& sha256) {
  {
    const absl::MutexLock lock(&mutex_);
    // Before the blob is there for all: whoever deletes the last record that names the same bytes
    // would otherwise remove it before this caller's record is written.
    ++held_[sha256];
  }
  Held held(this, sha256);
  RETURN_IF_ERROR(writer.Commit());
  return held;
}

absl::StatusOr<Blob> RecordedBlobs::Get(const std::string& sha256, size_t max_bytes) {
  auto content = blobs_.Get(sha256, max_bytes);
  if (!absl::IsNotFound(content.status())) return content;
  // The caller's record may have been deleted since it was read, and its blob with it.
  ASSIGN_OR_RETURN(const bool named, IsNamed(sha256));
  if (!named) return absl::NotFoundError(absl::StrCat("blobs: ", sha256, " was deleted just now"));
  return absl::DataLossError(absl::StrCat("blobs: ", sha256, " is gone; restore it from a backup"));
}

void RecordedBlobs::Release(const std::string& sha256) {
  const absl::MutexLock lock(&mutex_);
  const auto found = held_.find(sha256);
  if (--found->second > 0) return;
  held_.erase(found);
  RemoveIfUnnamed(sha256);
}

void RecordedBlobs::RemoveUnnamed(const std::vector<std::string>& sha256s) {
  for (const std::string& sha256 : sha256s) {
    const absl::MutexLock lock(&mutex_);
    if (!held_.contains(sha256)) RemoveIfUnnamed(sha256);
  }
}

absl::StatusOr<bool> RecordedBlobs::IsNamed(const std::string& sha256) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<bool> {
    int names = 0;
    sql << absl::StrCat("select count(*) from (", kBlobNames, ") names where sha256 = :h"),
        soci::use(sha256), soci::into(names);
    return names > 0;
  });
}

void RecordedBlobs::RemoveIfUnnamed(const std::string& sha256) {
  const auto named = IsNamed(sha256);
  absl::Status status = named.status();
  if (status.ok() && !*named) status = blobs_.Delete(sha256);
  if (!status.ok()) {
    LogWarning("cannot remove a blob; if no record names it, the next start removes it",
               {{"blob", sha256}, {"error", status.message()}});
  }
}

}  // namespace imprint::registry
