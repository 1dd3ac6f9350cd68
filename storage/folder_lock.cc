#include "storage/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace imprint {

absl::Status LockFolder(const std::filesystem::path& lock_file) {
  const int file = open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0)
    return absl::PermissionDeniedError(absl::StrCat("cannot open ", lock_file.string()));
  if (flock(file, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();  // The file stays open.
  close(file);
  return absl::FailedPreconditionError(
      absl::StrCat("another process uses ", lock_file.parent_path().string()));
}

}  // namespace imprint
