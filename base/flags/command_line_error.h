// Errors for command lines that cannot be read.
#pragma once

#include "absl/status/status.h"
#include <CLI/CLI.hpp>

namespace imprint {

// Returns INVALID_ARGUMENT for a command line that `app` could not parse. Unexpected arguments are
// listed in the order in which they were written; CLI11 2.1 reverses it.
absl::Status CommandLineError(const CLI::App& app, const CLI::ParseError& error);

}  // namespace imprint
