#include "storage/sqlite_error.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/error_notes.h"

namespace imprint {
namespace {

absl::Status OfCode(int code, absl::string_view said) {
  // The lower byte of an extended code is the primary one.
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
      // A disk without room is reported as either.
      return absl::ResourceExhaustedError("database: the disk is full, or fails");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError("database: locked for too long; try again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return DamagedDatabase(said);
    case SQLITE_CONSTRAINT:
      if (absl::StrContains(said, "UNIQUE constraint") || absl::StrContains(said, "PRIMARY KEY")) {
        return absl::AlreadyExistsError("database: there is a record with this key already");
      }
      break;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError("database: its file cannot be opened or written");
    default:
      break;
  }
  return absl::InternalError(
      absl::StrCat("database: a statement failed (SQLite error ", code, "); see the server's log"));
}

}  // namespace

absl::Status DamagedDatabase(absl::string_view diagnosis) {
  return WithDiagnosis(
      WithReasonNote(absl::DataLossError("database: damaged; its server's --fsck says where, and a "
                                         "backup is what mends it"),
                     "DATABASE_DAMAGED"),
      diagnosis);
}

absl::Status FromSqliteError(const std::exception& error) {
  // Of SOCI's own errors: the message alone, without the statement and its values.
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    const std::string said = sqlite->get_error_message();
    return WithDiagnosis(OfCode(sqlite->result(), said), said);
  }
  if (const auto* soci = dynamic_cast<const soci::soci_error*>(&error)) {
    return WithDiagnosis(absl::InternalError("database: a statement failed; see the server's log"),
                         soci->get_error_message());
  }
  return WithDiagnosis(absl::InternalError("database: a transaction failed; see the server's log"),
                       error.what());
}

}  // namespace imprint
