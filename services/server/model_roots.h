// An allow-list of the folders that base models may be read from, so that a caller who names a
// model cannot have arbitrary files opened.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <CLI/CLI.hpp>

namespace imprint {

// Thread-safe.
class ModelRoots {
 public:
  // Adds --models-root and --models-list.
  void AddFlags(CLI::App& app);

  // Returns INVALID_ARGUMENT naming models-root if one of them is not a folder.
  absl::Status CheckFlags() const;

  // Returns whether any folders were given at all.
  bool AreKnown() const { return !roots_.empty() || !list_.empty(); }

  // Checks that `path`, with every link resolved, is one of the allowed folders or files, or lies
  // inside one; the list is read anew each time. Otherwise returns INVALID_ARGUMENT naming `field`,
  // which does not reveal whether such a path exists.
  absl::Status Check(absl::string_view field, const std::string& path) const;

 private:
  std::vector<std::string> roots_;
  std::string list_;
};

}  // namespace imprint
