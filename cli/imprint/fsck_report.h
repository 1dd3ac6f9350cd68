// What imprint-registry --fsck prints, for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace imprint {

struct FsckReport {
  bool clean = false;
  // Blobs that are there and are what they were.
  int64_t good = 0;
  // SHA-256 of each blob that a record names and that is not there, that is not what it was, and
  // that no record names.
  std::vector<std::string> missing;
  std::vector<std::string> damaged;
  std::vector<std::string> orphans;
};

// Reads "missing  SHA", "damaged  SHA", "orphan   SHA" and the sum, "clean: 6 good, ..." or
// "not clean: ..."; other lines are skipped. Nothing if there is no sum: the check did not get that
// far.
std::optional<FsckReport> ParseFsckReport(absl::string_view printed);

// Why there is no report: the text of the "error: ..." line, else the last line.
std::string FsckFailure(absl::string_view printed);

}  // namespace imprint
