// Telling a gang's end from a training's own. Needs no LibTorch.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace imprint {

// What errors of a gang's operations begin with, by which those who fell over another's end are
// told from the one that ended.
inline constexpr const char* kGangError = "gang: ";

// Whether a training failed because of its gang, and not by itself.
inline bool IsGangError(const absl::Status& status) {
  return (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) &&
         absl::StartsWith(status.message(), kGangError);
}

}  // namespace imprint
