// What stands on a command line beside what it would be lost with: every flag counts or is refused.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <CLI/CLI.hpp>

namespace imprint::cli {

// The options of `app` that its line gives, by their first names without dashes ("steps",
// "FOLDER"), in the order that help shows. What was read from the environment is not among them: it
// is there for every command.
std::vector<std::string> FlagsOnLine(const CLI::App& app);

// INVALID_ARGUMENT naming the first of `flags` that the line gives, which does nothing beside
// `other` ("--no-sheet").
absl::Status RefuseFlagsBeside(absl::string_view other, const CLI::App& app,
                               const std::vector<std::string>& flags);

// The same where they do nothing without `other`.
absl::Status RefuseFlagsWithout(absl::string_view other, const CLI::App& app,
                                const std::vector<std::string>& flags);

}  // namespace imprint::cli
