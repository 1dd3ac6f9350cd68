#include "services/server/model_roots.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/field_error.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

// Compares parts of the paths, not characters: /models-2 is not inside /models.
bool IsInside(const fs::path& path, const fs::path& root) {
  const auto [in_root, in_path] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return in_root == root.end();
}

bool Holds(const std::string& root, const fs::path& resolved) {
  std::error_code error;
  const fs::path whole = fs::canonical(root, error);
  return !error && IsInside(resolved, whole);
}

}  // namespace

void ModelRoots::AddFlags(CLI::App& app) {
  app.add_option("--models-root", roots_,
                 "A folder below which base models may lie; may be repeated")
      ->type_name("FOLDER");
  app.add_option("--models-list", list_,
                 "A file with more of them, one a line, read anew whenever a model is named; "
                 "imprint up keeps one")
      ->type_name("FILE");
}

absl::Status ModelRoots::CheckFlags() const {
  for (const std::string& root : roots_) {
    std::error_code ignored;
    if (!fs::is_directory(root, ignored)) {
      return FieldError("models-root", Quoted(root), "a folder");
    }
  }
  return absl::OkStatus();
}

absl::Status ModelRoots::Check(absl::string_view field, const std::string& path) const {
  if (fs::path(path).is_relative()) return FieldError(field, Quoted(path), "an absolute path");
  std::error_code error;
  // Links and dots are resolved on both sides, so that a link inside a root leads out of it in
  // vain. Weakly, as a model may be named before it is there.
  const fs::path resolved = fs::weakly_canonical(path, error);
  const auto holds = [&](const std::string& root) { return Holds(root, resolved); };
  bool allowed = !error && std::any_of(roots_.begin(), roots_.end(), holds);
  std::ifstream list(list_);
  for (std::string line; !allowed && !error && std::getline(list, line);) {
    allowed = !line.empty() && holds(line);
  }
  if (allowed) return absl::OkStatus();
  return FieldError(field, Quoted(path),
                    AreKnown() ? "a path below a folder that this server was told of with "
                                 "--models-root, or by imprint models add on its machine"
                               : "nothing: this server reads no models until it is told where "
                                 "they lie, with --models-root FOLDER");
}

}  // namespace imprint
