#include "engine/model_files/model_files.h"

#include <system_error>

#include "base/status_macros.h"
#include "engine/model_files/diffusers_folder.h"
#include "engine/model_files/single_file.h"

namespace imprint::engine {

absl::StatusOr<std::unique_ptr<const ModelFiles>> ModelFiles::Open(
    const std::filesystem::path& path, const ModelAssumptions& assumptions) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) {
    ASSIGN_OR_RETURN(SingleFile file, SingleFile::Open(path, assumptions));
    return std::make_unique<const SingleFile>(std::move(file));
  }
  ASSIGN_OR_RETURN(DiffusersFolder folder, DiffusersFolder::Open(path));
  return std::make_unique<const DiffusersFolder>(std::move(folder));
}

}  // namespace imprint::engine
