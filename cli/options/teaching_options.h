// What `teach` takes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace imprint {

// "photos/rex/" -> "<rex>".
std::string TokenFromFolder(const std::filesystem::path& folder);

// Captions from a file of at most 1 MB; see ParseTemplates.
absl::StatusOr<std::vector<std::string>> ReadTemplates(const std::filesystem::path& path);

}  // namespace imprint
