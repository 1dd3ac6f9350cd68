// Command lines that cannot be read.
#pragma once

#include "absl/status/status.h"
#include <CLI/CLI.hpp>

namespace imprint {

// INVALID_ARGUMENT for a command line that `app` could not parse. What it did not expect is listed
// in the order in which it was written; CLI11 2.1 reverses it.
absl::Status CommandLineError(const CLI::App& app, const CLI::ParseError& error);

}  // namespace imprint
