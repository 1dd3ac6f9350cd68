// Resource names as the AIPs define them: "concepts/mia/embeddings/3".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Checks that an id is 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit: safe in URLs
// and as file names. INVALID_ARGUMENT naming `field`.
absl::Status CheckResourceId(absl::string_view field, absl::string_view id);

// Returns the ids of a name, by a pattern such as "concepts/*/embeddings/*": {"mia", "3"}. Each id
// passes CheckResourceId. INVALID_ARGUMENT naming `field` and the pattern.
absl::StatusOr<std::vector<std::string>> ParseResourceName(absl::string_view field,
                                                           absl::string_view name,
                                                           absl::string_view pattern);

// Returns the id of a name in a top-level collection: ("name", "concepts/mia", "concepts") gives
// "mia". INVALID_ARGUMENT as above.
absl::StatusOr<std::string> ParseResourceId(absl::string_view field, absl::string_view name,
                                            absl::string_view collection);

// Returns an id for a resource that a server names itself: the time and 64 random bits in
// hexadecimal, so that later ones sort later: "002ae1f0c3-9f…".
std::string NewResourceId();

}  // namespace imprint
