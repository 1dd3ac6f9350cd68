#include "storage/folder_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "base/private_path.h"

namespace imprint {

namespace {

// The file stays open: flock's lock ends with the process, also with one that is killed.
absl::Status Lock(int file, const std::filesystem::path& lock_file) {
  if (flock(file, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  close(file);
  return absl::FailedPreconditionError(
      absl::StrCat("another process uses ", lock_file.parent_path().string()));
}

absl::Status CannotOpen(const std::filesystem::path& lock_file) {
  return absl::PermissionDeniedError(absl::StrCat("cannot open ", lock_file.string()));
}

}  // namespace

absl::Status LockFolder(const std::filesystem::path& lock_file) {
  const int file = open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kPrivateFileMode);
  return file < 0 ? CannotOpen(lock_file) : Lock(file, lock_file);
}

absl::Status LockFolderToLook(const std::filesystem::path& lock_file) {
  const int file = open(lock_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? absl::OkStatus() : CannotOpen(lock_file);
  return Lock(file, lock_file);
}

}  // namespace imprint
