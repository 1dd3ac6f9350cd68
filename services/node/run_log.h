// The numbered events of one run, for whoever attaches to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>

namespace imprint::node {

using RunEventPtr = std::shared_ptr<const v1::RunEvent>;

// Returns whether this is a run's last event: a result, a failure or a stop.
bool IsLast(const v1::RunEvent& event);

// Events are numbered from 1 and numbers never change, but not every event is kept. A checkpoint
// replaces the progress and the checkpoints before it; of progress, the newest thousand events are
// kept; of signs of life, only the newest. So a log stays small however long its run is. Pictures
// and results are always kept. Thread-safe.
class RunLog {
 public:
  // The number of newest progress events that are kept where no checkpoint replaces them.
  static constexpr size_t kMaxProgress = 1000;

  // Gives the event the next number and keeps it. Returns false, and adds nothing, after the last
  // event.
  bool Append(v1::RunEvent event);

  // Events from a given number on, in order, at most `limit` of them.
  struct Reading {
    std::vector<RunEventPtr> events;
    // No event follows `events`, now or later.
    bool complete = false;
  };

  // Blocks until there is an event numbered `from` or higher, the log ends, or the deadline passes.
  Reading Read(int64_t from, absl::Time deadline, size_t limit = 256) const;

  bool ended() const;

  // The newest step reported by progress or a checkpoint; -1 before the first.
  int64_t newest_step() const;

 private:
  void MakeRoomFor(const v1::RunEvent& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::deque<RunEventPtr> events_ ABSL_GUARDED_BY(mutex_);
  size_t progress_kept_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t newest_step_ ABSL_GUARDED_BY(mutex_) = -1;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace imprint::node
