// The other ranks of a training, as children of this process.
#pragma once

#include <filesystem>
#include <memory>
#include <sys/types.h>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "engine/collective/gang_place.h"

namespace imprint {

// Used by one thread, which outlives it. The children end with it, and with this process.
class LocalGang {
 public:
  // Starts `ranks` - 1 times "imprint-engine rank" on the training that `record` describes; what
  // they say goes into rank-N.log beside it.
  static absl::StatusOr<std::unique_ptr<LocalGang>> Start(const std::filesystem::path& record,
                                                          int ranks);
  ~LocalGang();
  LocalGang(const LocalGang&) = delete;
  LocalGang& operator=(const LocalGang&) = delete;

  // This process's place: rank 0's.
  const GangPlace& place() const { return place_; }

  // The error of a gang with what its other ranks say: "rank 1 was killed by signal 9". Waits a
  // moment for those that are about to end.
  absl::Status Explain(const absl::Status& error);

  // Waits until all have ended by themselves; removes their logs.
  void AwaitEnd();

 private:
  struct Child {
    pid_t pid;
    std::filesystem::path log;
    // From waitpid, once it has ended.
    int ending = 0;
    bool ended = false;
  };

  LocalGang() = default;
  // Looks which have ended.
  void Look();
  bool AllEnded() const;

  GangPlace place_;
  std::vector<Child> children_;  // rank 1 first
};

}  // namespace imprint
