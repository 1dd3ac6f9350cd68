// Checks that a registry's records and blobs are intact and consistent: imprint-registry --fsck.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"

#include "storage/blob_store.h"
#include "storage/database.h"
#include "storage/folder_report.h"

namespace imprint::registry {

// Reads every record and every blob. Nothing may write meanwhile. A damaged database proves
// nothing, so for one only its faults are listed, and the blobs whose bytes do not match their
// names.
absl::StatusOr<FolderReport> CheckStorage(Database& database, BlobStore& blobs);

// Checks the data folder of a registry that is not running, without writing to it. Errors name
// `data`: FAILED_PRECONDITION while a registry holds it, NOT_FOUND if it has no registry.db.
absl::StatusOr<FolderReport> CheckRegistryFolder(const std::filesystem::path& data);

}  // namespace imprint::registry
