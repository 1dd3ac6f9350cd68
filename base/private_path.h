// Makes folders and files that nobody but their owner can read, whatever the umask.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace imprint {

inline constexpr int kPrivateFolderMode = 0700;
inline constexpr int kPrivateFileMode = 0600;

// Makes the folder, and what is missing above it. A folder that is there already is closed to
// others if it belongs to this user and, if a `mark` is given, is empty or has a file of that name:
// what else may lie in a folder that somebody chose is not ours to close. Another user's, such as a
// volume that Kubernetes has mounted, is left as it is. Errors name the path.
absl::Status MakePrivateFolder(const std::filesystem::path& folder, const std::string& mark = "");

// Makes an empty file if there is none, and closes an existing one to others if it is ours.
absl::Status MakePrivateFile(const std::filesystem::path& file);

// Returns the paths at and below `root` that somebody else can read or write: "blobs/ab (0755)".
// The content of a folder that others cannot enter is not checked.
std::vector<std::string> OpenToOthers(const std::filesystem::path& root);

}  // namespace imprint
