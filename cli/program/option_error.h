// Errors about what was given on a command line.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace imprint::cli {

// Converts the status of using what an option named: OK stays OK, anything else becomes
// INVALID_ARGUMENT (exit code 2) with the option's name in front, whatever the file system's reason
// was.
absl::Status ForOption(absl::string_view option, const absl::Status& status);

}  // namespace imprint::cli
