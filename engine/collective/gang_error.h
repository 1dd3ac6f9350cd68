// Tells the failure of a gang from a training's own. Needs no LibTorch.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace imprint::engine {

// The prefix of errors from a gang's operations. It tells the ranks that failed because another
// ended from the one that ended.
inline constexpr const char* kGangError = "gang: ";

// Returns whether a training failed because of its gang, and not by itself.
inline bool IsGangError(const absl::Status& status) {
  return (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) &&
         absl::StartsWith(status.message(), kGangError);
}

}  // namespace imprint::engine
