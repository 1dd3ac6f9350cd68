// Which folders of this machine base models may be read from: whoever names a model in a call must
// not have any file opened.
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
  // --models-root and --models-list.
  void AddFlags(CLI::App& app);

  // INVALID_ARGUMENT naming models-root if one is no folder.
  absl::Status CheckFlags() const;

  // Whether it was said at all which folders there are.
  bool AreKnown() const { return !roots_.empty() || !list_.empty(); }

  // Whether `path`, with every link resolved, is one of the folders or files, or inside one; the
  // list is read anew each time. INVALID_ARGUMENT naming `field`; it does not say whether there is
  // such a path.
  absl::Status Check(absl::string_view field, const std::string& path) const;

 private:
  std::vector<std::string> roots_;
  std::string list_;
};

}  // namespace imprint
