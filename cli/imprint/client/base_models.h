// The base models that the registry knows.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint/client/gateway.h"

namespace imprint::cli {

// Which of the models is meant: the one that is given ("demo", "baseModels/demo"), else the only
// one, else the one with the id "default". INVALID_ARGUMENT naming --model and the choices;
// FAILED_PRECONDITION if there is none.
absl::StatusOr<v1::BaseModel> ChooseModel(const std::vector<v1::BaseModel>& models,
                                          const std::string& given);

absl::StatusOr<std::vector<v1::BaseModel>> ListModels(Gateway& gateway);

struct NewModel {
  std::string id = "default";
  std::string folder;
  std::string licence;
};

// Registers a folder; the same again is the same. Hashes its weights, which takes a while. Whether
// there is such a folder is for the registry to say: it may be on another machine.
absl::StatusOr<v1::BaseModel> RegisterModel(Gateway& gateway, const NewModel& model);

// The folder as the registry is told of it: a relative path of a folder here is made absolute, and
// any other path stays what it is, for the registry to find or to refuse.
std::string FolderForRegistry(const std::string& given);

// The licence that a model's README.md states, as model hubs write it: "license: mit" between ---
// lines at its beginning. Empty if there is none.
std::string LicenceFromReadme(const std::string& folder);

}  // namespace imprint::cli
