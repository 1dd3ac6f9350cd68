// Runs the other ranks of a training as children of this process.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <sys/types.h>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/imprint_engine/gang_ending.h"

#include "engine/collective/gang_door.h"
#include "engine/collective/gang_place.h"

namespace imprint::cli {

// The line that "imprint-engine rank" prints when it has loaded everything and is about to join.
inline constexpr const char* kReadyLine = "ready";

// Removes the log files of ranks beside a training's record, for any number of ranks.
void RemoveRankLogs(const std::filesystem::path& folder);

// Not thread-safe: used by one thread, which must outlive it. The children end with it, and with
// this process.
class LocalGang {
 public:
  // Starts `ranks` - 1 processes of "imprint-engine rank" on the training that `record` describes;
  // their output goes into rank-N.log beside it.
  static absl::StatusOr<std::unique_ptr<LocalGang>> Start(const std::filesystem::path& record,
                                                          int ranks);
  ~LocalGang();
  LocalGang(const LocalGang&) = delete;
  LocalGang& operator=(const LocalGang&) = delete;

  // Blocks until all are about to join, however long they load. Returns UNAVAILABLE if one ends,
  // with its output, and CANCELLED once a stop is requested.
  absl::Status AwaitReady(const std::stop_token& stop);

  // This process's place: rank 0's, with its door.
  const engine::GangPlace& place() const { return place_; }
  const engine::GangDoor* door() const { return &*door_; }

  // Adds who is at fault to the error of a gang. Waits a moment for ranks that are about to end.
  absl::Status Explain(const absl::Status& error);

  // Blocks until all have ended by themselves, or `patience` passes.
  void AwaitEnd(absl::Duration patience = absl::Seconds(30));

 private:
  struct Child {
    pid_t pid;
    std::filesystem::path log;
    RankEnding ending;
  };

  LocalGang() = default;
  // Checks which children have ended.
  void Look();
  bool AllEnded() const;
  std::vector<RankEnding> Endings() const;

  engine::GangPlace place_;
  std::optional<engine::GangDoor> door_;
  std::vector<Child> children_;  // rank 1 first
};

}  // namespace imprint::cli
