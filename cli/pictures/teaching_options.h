// The options of `teach`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace imprint::cli {

// Makes a token of a folder's name: "photos/rex/" -> "<rex>".
std::string TokenFromFolder(const std::filesystem::path& folder);

// Returns advice for whoever chooses that token: about capitals, which other tools handle badly.
std::optional<std::string> AdviceOnToken(const std::string& token);

// Reads captions from a file of at most 1 MB; see ParseTemplates.
absl::StatusOr<std::vector<std::string>> ReadTemplates(const std::filesystem::path& path);

}  // namespace imprint::cli
