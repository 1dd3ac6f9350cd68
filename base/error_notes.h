// Notes that an error carries besides its code and message.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Adds a reason for programs, a constant in UPPER_SNAKE_CASE, for folders that know no messages:
// rpc/status.h makes it the reason of an ErrorInfo, unless there is one.
absl::Status WithReasonNote(absl::Status status, absl::string_view reason);
std::string ReasonNoteOf(const absl::Status& status);

// Adds what the server knows about an error beyond what the caller is told: for logs, never sent.
// An existing diagnosis is kept; an empty text adds nothing.
absl::Status WithDiagnosis(absl::Status status, absl::string_view diagnosis);
std::string DiagnosisOf(const absl::Status& status);

// Returns the message, and the diagnosis in brackets if there is one: for logs.
std::string Diagnosed(const absl::Status& status);

}  // namespace imprint
