// Whether a registry's records and blobs are whole and agree: imprint-registry --fsck.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"

#include "storage/blob_store.h"
#include "storage/database.h"
#include "storage/folder_report.h"

namespace imprint::registry {

// Reads every record and every blob. Nothing may write meanwhile. Of a damaged database, which says
// nothing for sure, only the faults are listed, and the blobs whose bytes do not fit their names.
absl::StatusOr<FolderReport> CheckStorage(Database& database, BlobStore& blobs);

// The same for the data folder of a registry that does not run; nothing is written there. Errors
// name `data`: FAILED_PRECONDITION while a registry has it, NOT_FOUND if it has no registry.db.
absl::StatusOr<FolderReport> CheckRegistryFolder(const std::filesystem::path& data);

}  // namespace imprint::registry
