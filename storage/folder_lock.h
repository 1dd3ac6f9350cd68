// Allows only one process per data folder.
#pragma once

#include <filesystem>

#include "absl/status/status.h"

namespace imprint {

// Takes the lock file for as long as the process lives. FAILED_PRECONDITION if another process has
// it, PERMISSION_DENIED if it cannot be opened.
absl::Status LockFolder(const std::filesystem::path& lock_file);

// Does the same for a process that only reads: a missing lock file is not made, and one on a
// read-only medium is accepted.
absl::Status LockFolderToLook(const std::filesystem::path& lock_file);

}  // namespace imprint
