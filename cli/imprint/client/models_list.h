// The list of folders and files that the servers of a home may read base models from, which they
// receive as --models-list.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/imprint/client/base_models.h"
#include "cli/imprint/client/gateway.h"

namespace imprint::cli {

// Returns the list's file, which has one path per line.
std::filesystem::path ModelsList(const std::filesystem::path& home);

// Lists the model's path and registers it. If that fails, the list stays as it was before. Returns
// INVALID_ARGUMENT naming `model` if the path does not fit on one line.
absl::StatusOr<v1::BaseModel> RegisterModelHere(const std::filesystem::path& home, Gateway& gateway,
                                                const NewModel& model);

// Makes the list of a home that is older than such lists, from the models that are registered.
absl::Status BeginModelsList(const std::filesystem::path& home, Gateway& gateway);

// Removes a path from the list if none of `models` uses it.
absl::Status TidyModelsList(const std::filesystem::path& home, const std::string& path,
                            const std::vector<v1::BaseModel>& models);

}  // namespace imprint::cli
