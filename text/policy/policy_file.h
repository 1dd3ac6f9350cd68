// Reads the policy of an operator from a file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "text/policy/prompt_policy.h"

namespace imprint {

// Reads a policy in YAML:
//
//   blocked:
//     - sword
//     - {words: [gun*, rifle*], reason: weapons are not for this age}
//   allowed:
//     - glue gun
//
// INVALID_ARGUMENT naming `origin`, line, column and field, with what was given and what is
// expected.
absl::StatusOr<PromptPolicy> ParsePolicy(absl::string_view text, const std::string& origin);

// Does the same with a file, which errors name. Also returns the errors of ReadTextFile.
absl::StatusOr<PromptPolicy> ReadPolicy(const std::filesystem::path& file);

// Does the same for a server's flag, which errors name; nothing if it is empty.
absl::StatusOr<std::optional<PromptPolicy>> ReadPolicyOfFlag(const std::string& file);

// Returns INVALID_ARGUMENT naming `field`, the words and why, if the policy blocks the
// prompt. There may be no policy.
absl::Status CheckPolicy(const PromptPolicy* policy, absl::string_view field,
                         absl::string_view prompt, PromptStyle style);

}  // namespace imprint
