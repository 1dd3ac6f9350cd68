// What happened in one run, numbered, for whoever attaches to it.
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

// Whether no event follows this one: a result, a failure, a stop.
bool IsLast(const v1::RunEvent& event);

// Numbers count from 1 and never change, but not every event stays: a checkpoint replaces the
// progress and the checkpoints before it, of progress the newest thousand stay, and of signs of
// life the newest. So a log stays small however long its run is. Pictures and results always stay.
// Thread-safe.
class RunLog {
 public:
  // Newest progress that is kept where no checkpoint replaces it.
  static constexpr size_t kMaxProgress = 1000;

  // Gives the event the next number and keeps it. After the last event nothing is added; says
  // whether it was.
  bool Append(v1::RunEvent event);

  // The events from a number on, at most `limit` of them, in order.
  struct Reading {
    std::vector<RunEventPtr> events;
    // Nothing comes after `events`, now or later.
    bool complete = false;
  };

  // Waits until there is an event from `from` on, or the log ends, or the deadline passes.
  Reading Read(int64_t from, absl::Time deadline, size_t limit = 256) const;

  bool ended() const;

  // The newest step that was heard of, from progress or a checkpoint; -1 before the first.
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
