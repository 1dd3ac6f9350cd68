// Errors about what was given on a command line.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <CLI/CLI.hpp>

namespace imprint {

// What an option named cannot be used: OK as it is, else INVALID_ARGUMENT (exit code 2) with the
// option's name in front, whatever the file system's reason was.
absl::Status ForOption(absl::string_view option, const absl::Status& status);

// INVALID_ARGUMENT for a command line that `app` could not parse. What it did not expect is listed
// in the order in which it was written; CLI11 2.3 reverses it.
absl::Status CommandLineError(const CLI::App& app, const CLI::ParseError& error);

}  // namespace imprint
