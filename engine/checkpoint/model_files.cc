#include "engine/checkpoint/model_files.h"

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/checkpoint/diffusers_folder.h"
#include "engine/checkpoint/single_file.h"
#include "engine/checkpoint/tensor_names.h"

namespace imprint {

absl::StatusOr<ComponentWeights> WeightsOf(absl::string_view component,
                                           const std::vector<std::filesystem::path>& paths) {
  ComponentWeights weights;
  weights.origin = paths.size() == 1 ? paths[0].string() : paths[0].parent_path().string();
  for (const std::filesystem::path& path : paths) {
    ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Open(path));
    for (const auto& [given, tensor] : file.tensors()) {
      const auto name = CanonicalTensorName(component, given);
      if (name && !weights.tensors.emplace(*name, tensor).second) {
        return FieldError(absl::StrCat(path.string(), ": tensor ", Quoted(given)),
                          "a second one of that name", "each tensor once");
      }
    }
    weights.files.push_back(std::move(file));
  }
  return weights;
}

absl::StatusOr<std::unique_ptr<const ModelFiles>> ModelFiles::Open(
    const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) {
    ASSIGN_OR_RETURN(SingleFile file, SingleFile::Open(path));
    return std::make_unique<const SingleFile>(std::move(file));
  }
  ASSIGN_OR_RETURN(DiffusersFolder folder, DiffusersFolder::Open(path));
  return std::make_unique<const DiffusersFolder>(std::move(folder));
}

}  // namespace imprint
