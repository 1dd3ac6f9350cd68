#include "cli/imprint/client/models_list.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

Paths Read(const fs::path& home) {
  Paths paths;
  std::ifstream list(ModelsList(home));
  for (std::string line; std::getline(list, line);) paths.push_back(line);
  return paths;
}

absl::Status Write(const fs::path& home, const Paths& paths) {
  const std::string lines = absl::StrJoin(paths, "\n");
  return WriteFileAtomically(ModelsList(home), absl::StrCat(lines, lines.empty() ? "" : "\n"));
}

bool Has(const Paths& paths, const std::string& path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

}  // namespace

fs::path ModelsList(const fs::path& home) { return home / "models.txt"; }

absl::StatusOr<v1::BaseModel> RegisterModelHere(const fs::path& home, Gateway& gateway,
                                                const NewModel& model) {
  const std::string path = FolderForRegistry(model.folder);
  if (path.find('\n') != std::string::npos) {
    return FieldError("model", Quoted(path), "a path without line breaks");
  }
  const Paths before = Read(home);
  if (Has(before, path)) return RegisterModel(gateway, model);
  Paths with = before;
  with.push_back(path);
  // First, as the registry takes a model only from a folder on the list; undone if it refuses the
  // model.
  RETURN_IF_ERROR(Write(home, with));
  auto registered = RegisterModel(gateway, model);
  if (!registered.ok()) RETURN_IF_ERROR(Write(home, before));
  return registered;
}

absl::Status BeginModelsList(const fs::path& home, Gateway& gateway) {
  std::error_code ignored;
  if (fs::exists(ModelsList(home), ignored)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto models, ListModels(gateway));
  Paths paths;
  for (const v1::BaseModel& model : models) {
    if (!Has(paths, model.folder())) paths.push_back(model.folder());
  }
  return Write(home, paths);
}

absl::Status TidyModelsList(const fs::path& home, const std::string& path,
                            const std::vector<v1::BaseModel>& models) {
  for (const v1::BaseModel& model : models) {
    if (model.folder() == path) return absl::OkStatus();
  }
  Paths paths = Read(home);
  if (std::erase(paths, path) == 0) return absl::OkStatus();
  return Write(home, paths);
}

}  // namespace imprint::cli
