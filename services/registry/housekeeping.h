// Reconciles records and blobs before anything is served.
#pragma once

#include <set>
#include <string>

#include "absl/status/statusor.h"

#include "storage/blob_store.h"
#include "storage/database.h"

namespace imprint::registry {

// Returns the SHA-256 of every blob that a record names.
absl::StatusOr<std::set<std::string>> NamedBlobs(Database& database);

struct Orphans {
  int removed = 0;
  int kept = 0;
};

// Removes orphaned blobs, which no record names: a process died before it recorded them. To be
// called before anything is served. Keeps them all if they are more than a hundred and more than a
// tenth of all blobs: then it is more likely that records are missing.
absl::StatusOr<Orphans> RemoveOrphans(Database& database, BlobStore& blobs);

}  // namespace imprint::registry
