// What `imprint up` keeps in its folder besides its servers' data: who runs there, and where.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace imprint::cli {

// $IMPRINT_HOME, or ~/.imprint.
std::filesystem::path DefaultHome();

// Held by the one process that works on the folder; goes with the process, however that ends.
class HomeLock {
 public:
  // FAILED_PRECONDITION, naming the folder and the process, if another one holds it.
  static absl::StatusOr<HomeLock> Take(const std::filesystem::path& home);
  HomeLock(HomeLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  HomeLock& operator=(HomeLock&&) = delete;
  ~HomeLock();

  // Whether some process holds it.
  static bool IsHeld(const std::filesystem::path& home);

 private:
  explicit HomeLock(int file) : file_(file) {}

  int file_;
};

// up.json, as others find what runs.
struct RunningServers {
  // The gateway, for clients.
  std::string server;
  // Of `imprint up` itself.
  pid_t pid = 0;
  // By the servers' names: "http://127.0.0.1:9000/metrics", and process ids.
  std::map<std::string, std::string> metrics;
  std::map<std::string, pid_t> pids;
};

absl::Status WriteRunning(const std::filesystem::path& home, const RunningServers& running);
void RemoveRunning(const std::filesystem::path& home);

// Nothing if no `imprint up` runs on the folder, whatever one that was killed left behind.
// FAILED_PRECONDITION while one is starting, and during `imprint fsck`.
absl::StatusOr<std::optional<RunningServers>> ReadRunning(const std::filesystem::path& home);

}  // namespace imprint::cli
