// The base models that the registry knows.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint/client/gateway.h"

namespace imprint::cli {

// Chooses a model: the given one ("demo", "baseModels/demo"), else the only one, else the one with
// the id "default". Returns INVALID_ARGUMENT naming --model and the choices, and
// FAILED_PRECONDITION if there is none.
absl::StatusOr<v1::BaseModel> ChooseModel(const std::vector<v1::BaseModel>& models,
                                          const std::string& given);

absl::StatusOr<std::vector<v1::BaseModel>> ListModels(Gateway& gateway);

struct NewModel {
  std::string id = "default";
  std::string folder;
  std::string licence;
};

// Registers a folder; registering it again is a no-op. Hashes its weights, which takes a while. The
// registry judges whether the folder exists: it may be on another machine.
absl::StatusOr<v1::BaseModel> RegisterModel(Gateway& gateway, const NewModel& model);

// Returns the path to send to the registry: the relative path of a folder on this machine is made
// absolute, and any other path stays as it is, for the registry to find or to refuse.
std::string FolderForRegistry(const std::string& given);

// Returns the licence that a model's README.md states, in the way of model hubs: "license: mit"
// between --- lines at its beginning. Empty if there is none.
std::string LicenceFromReadme(const std::string& folder);

}  // namespace imprint::cli
