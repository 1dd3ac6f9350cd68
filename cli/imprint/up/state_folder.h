// What `imprint up` keeps in its folder besides its servers' data: who is running there, and where.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace imprint::cli {

// Returns $IMPRINT_HOME, or ~/.imprint.
std::filesystem::path DefaultHome();

// A lock held by the one process that works on the folder. It is released with the process, however
// the process ends.
class HomeLock {
 public:
  // Returns FAILED_PRECONDITION, naming the folder and the process, if another process holds it.
  static absl::StatusOr<HomeLock> Take(const std::filesystem::path& home);
  HomeLock(HomeLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  HomeLock& operator=(HomeLock&&) = delete;
  ~HomeLock();

  // Returns whether some process holds it.
  static bool IsHeld(const std::filesystem::path& home);

 private:
  explicit HomeLock(int file) : file_(file) {}

  int file_;
};

// The content of up.json, in which others find what is running.
struct RunningServers {
  // The gateway's address, for clients.
  std::string server;
  // The process id of `imprint up` itself.
  pid_t pid = 0;
  // Keyed by the servers' names: URLs such as "http://127.0.0.1:9000/metrics", and process ids.
  std::map<std::string, std::string> metrics;
  std::map<std::string, pid_t> pids;
};

absl::Status WriteRunning(const std::filesystem::path& home, const RunningServers& running);
void RemoveRunning(const std::filesystem::path& home);

// Returns what is running on the folder; nothing if no `imprint up` is, whatever a killed one left
// behind. Returns FAILED_PRECONDITION while one is starting, and during `imprint fsck`.
absl::StatusOr<std::optional<RunningServers>> ReadRunning(const std::filesystem::path& home);

}  // namespace imprint::cli
