// Watches over a run: passes stop orders on to its child, ends the run by force when a deadline
// passes, and the child when its memory exceeds the limit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "services/node/run.h"
#include "services/trainer/rank_process.h"

namespace imprint::trainer {

// Works on a thread of its own, from its construction until Dismiss.
class RankWarden {
 public:
  // `max_bytes` is the limit of the child's resident memory, checked every second; 0 means no
  // limit. `end_by_force` is called, once, when a deadline has passed.
  RankWarden(node::Run& run, RankProcess& rank, int64_t max_bytes,
             std::function<void()> end_by_force);
  ~RankWarden() { Dismiss(); }
  RankWarden(const RankWarden&) = delete;
  RankWarden& operator=(const RankWarden&) = delete;

  // The child has sent its last event; it has to be done within a moment.
  void ExpectEnd();

  // Stops watching. Returns when the warden does nothing any more.
  void Dismiss();

  bool lost_patience() const;

 private:
  void Watch();
  void Deliver(const node::StopOrder& order);
  void CheckMemory();

  node::Run& run_;
  RankProcess& rank_;
  const int64_t max_bytes_;
  const std::function<void()> end_by_force_;
  // Whether the child was told to keep its progress; nothing if it was not told of a stop yet.
  std::optional<bool> told_to_keep_;
  mutable absl::Mutex mutex_;
  bool dismissed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time expect_end_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool lost_patience_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace imprint::trainer
