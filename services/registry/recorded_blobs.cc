#include "services/registry/recorded_blobs.h"

#include "absl/strings/str_cat.h"

#include "base/sha256.h"
#include "base/status_macros.h"
#include "services/registry/registry_schema.h"
#include "services/runtime/log.h"

namespace imprint {

absl::StatusOr<RecordedBlobs::Held> RecordedBlobs::Put(absl::string_view bytes) {
  Held held(this, Sha256Hex(bytes));
  {
    const absl::MutexLock lock(&mutex_);
    ++held_[held.sha256()];
  }
  RETURN_IF_ERROR(blobs_.Put(bytes).status());
  return held;
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

void RecordedBlobs::RemoveIfUnnamed(const std::string& sha256) {
  int names = 0;
  absl::Status status = database_.Read([&](soci::session& sql) -> absl::Status {
    sql << absl::StrCat("select count(*) from (", kBlobNames, ") names where sha256 = :h"),
        soci::use(sha256), soci::into(names);
    return absl::OkStatus();
  });
  if (status.ok() && names == 0) status = blobs_.Delete(sha256);
  if (!status.ok()) {
    LogWarning("a blob stays until the next start",
               {{"blob", sha256}, {"error", status.message()}});
  }
}

}  // namespace imprint
