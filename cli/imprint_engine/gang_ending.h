// Why a gang broke: of several ranks that ended, the one that the others fell over.
#pragma once

#include <span>
#include <string>

#include "absl/status/status.h"

namespace imprint::cli {

// How another rank stands when rank 0's training has failed.
struct RankEnding {
  // False if it still lives.
  bool ended = false;
  int wait_status = 0;  // from waitpid
  // The error that it wrote last, if any.
  std::string said;
};

// The gang's error with the rank that is at fault, `others` being rank 1 and up: first one that was
// killed, then one with an error of its own, then one that does nothing.
absl::Status ExplainGangError(const absl::Status& error, std::span<const RankEnding> others);

}  // namespace imprint::cli
