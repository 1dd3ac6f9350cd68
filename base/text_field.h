// Checks texts in requests.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Returns INVALID_ARGUMENT naming the field if the text is longer, empty where it must not be, or
// has control characters other than tab and line breaks: databases cut a text at NUL, and terminals
// obey others.
absl::Status CheckText(absl::string_view field, absl::string_view text, size_t max_bytes,
                       bool may_be_empty = false);

}  // namespace imprint
