// Whether records and blobs agree, and making them agree.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "storage/blob_store.h"
#include "storage/database.h"

namespace imprint {

struct StorageReport {
  std::vector<std::string> missing;  // blobs that records name and that are not there
  std::vector<std::string> damaged;  // that are not what they were
  std::vector<std::string> orphans;  // that no record names
  size_t good = 0;

  bool Clean() const { return missing.empty() && damaged.empty() && orphans.empty(); }
};

// Reads every blob. Nothing may write meanwhile.
absl::StatusOr<StorageReport> CheckStorage(Database& database, BlobStore& blobs);

struct Orphans {
  int removed = 0;
  int kept = 0;
};

// Removes the blobs that no record names: what a process that died had not recorded yet. Before
// anything is served. Keeps them all where they are more than a hundred and more than a tenth of
// all blobs: then it is rather records that are missing.
absl::StatusOr<Orphans> RemoveOrphans(Database& database, BlobStore& blobs);

}  // namespace imprint
