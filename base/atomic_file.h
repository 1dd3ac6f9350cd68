// Writes files atomically: they are there whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Writes `content` beside `path` under a temporary name, syncs it to disk and renames it over
// `path`: a reader, also one after a crash, sees the old file or the new one. On error the old file
// stays and the temporary is gone. The parent folder must exist.
// NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED (disk full, or a file larger than this process
// may write), each naming the path.
absl::Status WriteFileAtomically(const std::filesystem::path& path,
                                 std::span<const std::byte> content);
absl::Status WriteFileAtomically(const std::filesystem::path& path, absl::string_view content);

// Makes `folder` and its parents if needed, and checks that files can be written in it, so that a
// long job does not learn at its end that its result has nowhere to go.
absl::Status EnsureWritableFolder(const std::filesystem::path& folder);

}  // namespace imprint
