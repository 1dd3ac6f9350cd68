// One process a data folder.
#pragma once

#include <filesystem>

#include "absl/status/status.h"

namespace imprint {

// Takes the lock file for as long as the process lives. FAILED_PRECONDITION if another process has
// it, PERMISSION_DENIED if it cannot be opened.
absl::Status LockFolder(const std::filesystem::path& lock_file);

// The same for somebody who only looks: a lock file that is not there is not made, and one on a
// medium that cannot be written to will do.
absl::Status LockFolderToLook(const std::filesystem::path& lock_file);

}  // namespace imprint
