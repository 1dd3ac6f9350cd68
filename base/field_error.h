// The uniform format of errors about user input:
//   steps: got 0; expected a whole number from 1 to 1000000
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Returns INVALID_ARGUMENT that names the field, what was given and what is expected.
absl::Status FieldError(absl::string_view field, absl::string_view given,
                        absl::string_view expected);

// Returns `text` in double quotes, with control characters escaped and long text cut, so that any
// input can be quoted in one line of an error.
std::string Quoted(absl::string_view text);

// Returns `status` with "context: " before its message, and with its payloads except for a
// BadRequest; OK stays OK.
absl::Status InContext(absl::string_view context, const absl::Status& status);

}  // namespace imprint
