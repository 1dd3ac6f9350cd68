// Folders and files that the servers of a home may read base models from: what they are told with
// --models-list.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/imprint/client/base_models.h"
#include "cli/imprint/client/gateway.h"

namespace imprint::cli {

// The file, one path a line.
std::filesystem::path ModelsList(const std::filesystem::path& home);

// Lists the model's path and registers it. If that fails, the list is as it was before.
// INVALID_ARGUMENT naming `model` if the path cannot stand on a line.
absl::StatusOr<v1::BaseModel> RegisterModelHere(const std::filesystem::path& home, Gateway& gateway,
                                                const NewModel& model);

// A home of before there was a list gets one, of the models that are registered.
absl::Status BeginModelsList(const std::filesystem::path& home, Gateway& gateway);

// Takes a path out that none of `models` is at.
absl::Status TidyModelsList(const std::filesystem::path& home, const std::string& path,
                            const std::vector<v1::BaseModel>& models);

}  // namespace imprint::cli
