#include "storage/database_copy.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "base/status_macros.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

absl::Status Copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot copy ", from.string()));
  // The copy has the original's rights, which may be for reading alone.
  fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, error);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<DatabaseCopy>> DatabaseCopy::Make(
    const fs::path& file, const std::vector<Migration>& migrations) {
  std::error_code error;
  if (!fs::exists(file, error)) {
    return absl::NotFoundError(absl::StrCat(file.string(), " is not there"));
  }
  std::string folder = fs::temp_directory_path(error) / "imprint-fsck-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", folder));
  }
  std::unique_ptr<DatabaseCopy> copy(new DatabaseCopy(folder));
  const fs::path copied = copy->folder_ / file.filename();
  RETURN_IF_ERROR(Copy(file, copied));
  // The log has what was committed and is not in the file itself yet. The index of the log, -shm,
  // is not needed: SQLite makes it anew.
  const fs::path log = absl::StrCat(file.string(), "-wal");
  if (fs::exists(log, error)) RETURN_IF_ERROR(Copy(log, absl::StrCat(copied.string(), "-wal")));
  ASSIGN_OR_RETURN(copy->database_, Database::OpenSqlite(copied, migrations));
  return copy;
}

DatabaseCopy::~DatabaseCopy() {
  database_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace imprint
