// What an error carries beside its code and message.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace imprint {

// A constant in UPPER_SNAKE_CASE for programs, for folders that know no messages: rpc/status.h
// makes it the reason of an ErrorInfo, unless there is one.
absl::Status WithReasonNote(absl::Status status, absl::string_view reason);
std::string ReasonNoteOf(const absl::Status& status);

// What an error's server knows of it beyond what its caller is told: for logs, never sent. Keeps
// what was kept before; an empty text adds nothing.
absl::Status WithDiagnosis(absl::Status status, absl::string_view diagnosis);
std::string DiagnosisOf(const absl::Status& status);

// The message, and the diagnosis in brackets if there is one: for logs.
std::string Diagnosed(const absl::Status& status);

}  // namespace imprint
