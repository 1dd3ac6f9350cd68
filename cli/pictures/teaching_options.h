// What `teach` takes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace imprint::cli {

// "photos/rex/" -> "<rex>".
std::string TokenFromFolder(const std::filesystem::path& folder);

// What whoever chooses that token should know of it: of capitals, which other tools take amiss.
std::optional<std::string> AdviceOnToken(const std::string& token);

// Captions from a file of at most 1 MB; see ParseTemplates.
absl::StatusOr<std::vector<std::string>> ReadTemplates(const std::filesystem::path& path);

}  // namespace imprint::cli
