// Making records and blobs agree before anything is served.
#pragma once

#include <set>
#include <string>

#include "absl/status/statusor.h"

#include "storage/blob_store.h"
#include "storage/database.h"

namespace imprint::registry {

// The SHA-256 of every blob that a record names.
absl::StatusOr<std::set<std::string>> NamedBlobs(Database& database);

struct Orphans {
  int removed = 0;
  int kept = 0;
};

// Removes the blobs that no record names: what a process that died had not recorded yet. Before
// anything is served. Keeps them all where they are more than a hundred and more than a tenth of
// all blobs: then it is rather records that are missing.
absl::StatusOr<Orphans> RemoveOrphans(Database& database, BlobStore& blobs);

}  // namespace imprint::registry
