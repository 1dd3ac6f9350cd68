// Explains why a gang broke: of several ranks that ended, finds the one that made the others fail.
#pragma once

#include <span>
#include <string>

#include "absl/status/status.h"

namespace imprint::cli {

// The state of another rank when rank 0's training has failed.
struct RankEnding {
  // False if it is still alive.
  bool ended = false;
  int wait_status = 0;  // from waitpid
  // The last error that it wrote, if any.
  std::string said;
};

// Returns the gang's error with the rank that is at fault, `others` being rank 1 and up: first a
// rank that was killed, then one with an error of its own, then one that is silent.
absl::Status ExplainGangError(const absl::Status& error, std::span<const RankEnding> others);

}  // namespace imprint::cli
