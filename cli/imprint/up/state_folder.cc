#include "cli/imprint/up/state_folder.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <system_error>
#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/json_object.h"
#include "base/private_path.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLock = "lock";

fs::path LockFile(const fs::path& home) { return home / kLock; }
fs::path RunningFile(const fs::path& home) { return home / "up.json"; }

// The bytes of the lock's file that are locked. Locks of open file descriptions, unlike flock's,
// can be asked for without being taken.
enum Byte : off_t {
  kHome,    // its holder has the folder
  kHolder,  // its holder alone takes the first and says so, or reads who did
};

struct flock Lock(short type, Byte which) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = which;
  lock.l_len = 1;
  return lock;
}

// Waits for others, who hold it for a moment.
bool LockHolder(int file) {
  struct flock holder = Lock(F_WRLCK, kHolder);
  int locked = -1;
  do locked = fcntl(file, F_OFD_SETLKW, &holder);
  while (locked != 0 && errno == EINTR);
  return locked == 0;
}

void UnlockHolder(int file) {
  struct flock holder = Lock(F_UNLCK, kHolder);
  fcntl(file, F_OFD_SETLK, &holder);
}

// Who has the folder: what it wrote into the file as it took it.
std::string Holder(int file) {
  char text[32];
  const ssize_t size = pread(file, text, sizeof(text), 0);
  if (size <= 0) return "";
  return absl::StrCat(
      " (process ", absl::StripAsciiWhitespace(absl::string_view(text, static_cast<size_t>(size))),
      ")");
}

void SayWhoHolds(int file) {
  const std::string text = absl::StrCat(getpid(), "\n");
  // Only errors of others name it: without it they say less.
  [[maybe_unused]] const bool written =
      ftruncate(file, 0) == 0 && pwrite(file, text.data(), text.size(), 0) > 0;
}

}  // namespace

fs::path DefaultHome() {
  if (const char* home = std::getenv("IMPRINT_HOME"); home != nullptr && *home != '\0') {
    return home;
  }
  const char* user = std::getenv("HOME");
  return fs::path(user == nullptr ? "." : user) / ".imprint";
}

absl::StatusOr<HomeLock> HomeLock::Take(const fs::path& home) {
  RETURN_IF_ERROR(MakePrivateFolder(home, kLock));
  const int file = open(LockFile(home).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kPrivateFileMode);
  if (file < 0) {
    return absl::PermissionDeniedError(absl::StrCat("cannot open ", LockFile(home).string(), ": ",
                                                    std::generic_category().message(errno)));
  }
  HomeLock lock(file);
  // Before the folder's own byte, so that whoever is refused reads the holder's number and not an
  // earlier one's.
  if (!LockHolder(file)) {
    return absl::UnavailableError(absl::StrCat("cannot lock ", LockFile(home).string(), ": ",
                                               std::generic_category().message(errno)));
  }
  struct flock taken = Lock(F_WRLCK, kHome);
  if (fcntl(file, F_OFD_SETLK, &taken) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("imprint up runs on ", home.string(), " already", Holder(file),
                     "; imprint down ends it, --data FOLDER takes another place"));
  }
  SayWhoHolds(file);
  UnlockHolder(file);
  return lock;
}

HomeLock::~HomeLock() {
  if (file_ >= 0) close(file_);
}

bool HomeLock::IsHeld(const fs::path& home) {
  const int file = open(LockFile(home).c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  struct flock taken = Lock(F_WRLCK, kHome);
  const bool asked = fcntl(file, F_OFD_GETLK, &taken) == 0;
  close(file);
  return asked && taken.l_type != F_UNLCK;
}

absl::Status WriteRunning(const fs::path& home, const RunningServers& running) {
  const nlohmann::json json = {{"server", running.server},
                               {"pid", running.pid},
                               {"metrics", running.metrics},
                               {"pids", running.pids}};
  return WriteFileAtomically(RunningFile(home), json.dump(2) + "\n");
}

void RemoveRunning(const fs::path& home) {
  std::error_code ignored;
  fs::remove(RunningFile(home), ignored);
}

absl::StatusOr<std::optional<RunningServers>> ReadRunning(const fs::path& home) {
  if (!HomeLock::IsHeld(home)) return std::nullopt;
  const auto json = JsonObject::Load(RunningFile(home));
  if (absl::IsNotFound(json.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat("imprint up is starting or stopping on ", home.string(),
                     ", or imprint fsck looks at it; try again in a moment"));
  }
  if (!json.ok()) return json.status();
  RunningServers running;
  ASSIGN_OR_RETURN(running.server, json->Get<std::string>("server"));
  ASSIGN_OR_RETURN(const int64_t pid, json->Get<int64_t>("pid"));
  running.pid = static_cast<pid_t>(pid);
  ASSIGN_OR_RETURN(const JsonObject metrics, json->Object("metrics"));
  for (const auto& [name, url] : metrics.json().items()) {
    ASSIGN_OR_RETURN(running.metrics[name], metrics.Get<std::string>(name));
  }
  ASSIGN_OR_RETURN(const JsonObject pids, json->Object("pids"));
  for (const auto& [name, id] : pids.json().items()) {
    ASSIGN_OR_RETURN(const int64_t number, pids.Get<int64_t>(name));
    running.pids[name] = static_cast<pid_t>(number);
  }
  return running;
}

}  // namespace imprint::cli
