// Refuses flags that would have no effect beside others: every flag given takes effect or is
// refused.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <CLI/CLI.hpp>

namespace imprint::cli {

// Returns the options of `app` that its line gives, by their first names without dashes ("steps",
// "FOLDER"), in the order that help shows. Options read from the environment are not included,
// since the environment is there for every command.
std::vector<std::string> FlagsOnLine(const CLI::App& app);

// Returns INVALID_ARGUMENT naming the first of `flags` that the line gives, because it has no
// effect beside `other` ("--no-sheet").
absl::Status RefuseFlagsBeside(absl::string_view other, const CLI::App& app,
                               const std::vector<std::string>& flags);

// Does the same for flags that have no effect without `other`.
absl::Status RefuseFlagsWithout(absl::string_view other, const CLI::App& app,
                                const std::vector<std::string>& flags);

}  // namespace imprint::cli
