// Converts the errors of failed statements. Private to storage.
#pragma once

#include <exception>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace imprint {

// Returns a text of ours with SQLite's code: SOCI's has the statement and every value that was
// bound to it. What SQLite itself said is the status's diagnosis (base/error_notes.h).
// RESOURCE_EXHAUSTED for a full or failing disk, ALREADY_EXISTS for a violated uniqueness,
// UNAVAILABLE for a lock that is held too long, that of DamagedDatabase for a damaged file,
// INTERNAL otherwise.
absl::Status FromSqliteError(const std::exception& error);

// Returns DATA_LOSS with the reason DATABASE_DAMAGED and a diagnosis.
absl::Status DamagedDatabase(absl::string_view diagnosis);

}  // namespace imprint
