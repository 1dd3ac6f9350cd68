// Stores blobs as files of one folder: blobs/ab/abcdef….
#pragma once

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"

#include "storage/blob_store.h"

namespace imprint {

// Opens the folder, makes it if needed, and removes what writers that died left there. Only one
// process may write into it. Folders and files are their owner's alone. Errors name the path.
absl::StatusOr<std::unique_ptr<BlobStore>> OpenBlobFolder(const std::filesystem::path& folder);

// Opens a folder read-only: nothing is made, nothing removed.
std::unique_ptr<BlobStore> OpenBlobFolderToLook(const std::filesystem::path& folder);

}  // namespace imprint
