#include "base/private_path.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthers = 077;
constexpr mode_t kOthersEnter = 011;

absl::Status Error(const fs::path& path, const char* what) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", what, " ", path.string()));
}

// Nobody else's path is changed: that would fail, or be none of our business.
absl::Status CloseToOthers(const fs::path& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return Error(path, "look at");
  if (info.st_uid != geteuid() || (info.st_mode & kOthers) == 0) return absl::OkStatus();
  if (chmod(path.c_str(), info.st_mode & ~kOthers & 07777) != 0) return Error(path, "close");
  return absl::OkStatus();
}

void AddOpen(const fs::path& path, const fs::path& root, std::vector<std::string>& open) {
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0 || S_ISLNK(info.st_mode)) return;
  if ((info.st_mode & kOthers) != 0) {
    open.push_back(absl::StrCat(path == root ? "." : path.lexically_relative(root).string(),
                                absl::StrFormat(" (%04o)", info.st_mode & 07777)));
  }
  if (!S_ISDIR(info.st_mode) || (info.st_mode & kOthersEnter) == 0) return;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    AddOpen(entry->path(), root, open);
  }
}

}  // namespace

absl::Status MakePrivateFolder(const fs::path& folder, const std::string& mark) {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  fs::path made;
  for (const fs::path& part : whole) {
    made /= part;
    if (mkdir(made.c_str(), kPrivateFolderMode) != 0 && errno != EEXIST && errno != EISDIR) {
      // Above what is there already one may be forbidden to make anything, and need not.
      const int failed = errno;
      if (std::error_code ignored; !fs::is_directory(made, ignored)) {
        errno = failed;
        return Error(made, "make the folder");
      }
    }
  }
  if (std::error_code ignored; !fs::is_directory(whole, ignored)) {
    errno = ENOTDIR;
    return Error(folder, "make the folder");
  }
  std::error_code ignored;
  const bool ours =
      mark.empty() || fs::exists(whole / mark, ignored) || fs::is_empty(whole, ignored);
  return ours ? CloseToOthers(whole) : absl::OkStatus();
}

absl::Status MakePrivateFile(const fs::path& file) {
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kPrivateFileMode);
  if (descriptor < 0) return Error(file, "open");
  close(descriptor);
  return CloseToOthers(file);
}

std::vector<std::string> OpenToOthers(const fs::path& root) {
  std::vector<std::string> open;
  AddOpen(root, root, open);
  std::sort(open.begin(), open.end());
  return open;
}

}  // namespace imprint
