// Reads plans that people write. docs/plans.md is their manual.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "sets/plan.h"

namespace imprint::sets {

// The largest file.
inline constexpr size_t kMaxPlanBytes = 1 << 20;

// Reads a plan in YAML, or in JSON, of which YAML 1.2 makes nearly all a part of itself. Comments,
// anchors and aliases are allowed. INVALID_ARGUMENT naming `origin`, line, column and field, with
// what was given and what is expected, if it is not such a file, has an unknown field,
// names axes or values that it does not have, or if two of its quotas contradict each other.
absl::StatusOr<Plan> ParsePlan(absl::string_view text, const std::string& origin);

// Does the same with a file, which errors name. Also returns the errors of ReadTextFile.
absl::StatusOr<Plan> ReadPlan(const std::filesystem::path& file);

}  // namespace imprint::sets
