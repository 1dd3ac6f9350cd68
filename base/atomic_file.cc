#include "base/atomic_file.h"

#include <cerrno>
#include <fcntl.h>
#include <random>
#include <system_error>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

#include "base/status_macros.h"

namespace imprint {
namespace {

absl::Status WriteAll(int descriptor, std::span<const std::byte> content) {
  while (!content.empty()) {
    const ssize_t written = write(descriptor, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      if (errno == EFBIG) {
        return absl::ResourceExhaustedError(
            "write: the file is larger than this process (ulimit -f) or the file system allows");
      }
      return absl::ErrnoToStatus(errno, "write");
    }
    content = content.subspan(static_cast<size_t>(written));
  }
  if (fsync(descriptor) != 0) return absl::ErrnoToStatus(errno, "fsync");
  return absl::OkStatus();
}

// The rename itself must survive a crash, too.
absl::Status SyncFolder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, "open");
  absl::Cleanup close_descriptor = [descriptor] { close(descriptor); };
  if (fsync(descriptor) != 0) return absl::ErrnoToStatus(errno, "fsync");
  return absl::OkStatus();
}

absl::Status ForPath(const std::filesystem::path& path, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("cannot write ", path.string(), ": ", status.message()));
}

}  // namespace

absl::Status WriteFileAtomically(const std::filesystem::path& path,
                                 std::span<const std::byte> content) {
  const std::filesystem::path folder =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const std::filesystem::path temporary =
      folder / absl::StrCat(".", path.filename().string(), ".",
                            absl::Hex(std::random_device()(), absl::kZeroPad8));
  const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return ForPath(path, absl::ErrnoToStatus(errno, "create"));
  absl::Cleanup remove_temporary = [&temporary] { unlink(temporary.c_str()); };

  const absl::Status written = WriteAll(descriptor, content);
  const bool closed = close(descriptor) == 0;
  RETURN_IF_ERROR(ForPath(path, written));
  if (!closed) return ForPath(path, absl::ErrnoToStatus(errno, "close"));

  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return ForPath(path, absl::ErrnoToStatus(errno, "rename"));
  }
  std::move(remove_temporary).Cancel();
  return ForPath(path, SyncFolder(folder));
}

absl::Status WriteFileAtomically(const std::filesystem::path& path, absl::string_view content) {
  return WriteFileAtomically(path, std::as_bytes(std::span(content)));
}

absl::Status EnsureWritableFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return ForPath(folder, absl::ErrnoToStatus(error.value(), "make the folder"));
  const std::filesystem::path probe = folder / ".imprint-can-write";
  RETURN_IF_ERROR(WriteFileAtomically(probe, absl::string_view()));
  std::filesystem::remove(probe, error);
  return absl::OkStatus();
}

}  // namespace imprint
