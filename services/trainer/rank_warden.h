// Stands beside a run: tells its child to stop when that is ordered, and ends the child by force
// when patience or its memory runs out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "services/node/run.h"
#include "services/trainer/rank_process.h"

namespace imprint::trainer {

// Works on a thread of its own from its construction until Dismiss.
class RankWarden {
 public:
  // `max_bytes` of resident memory, looked at every second; 0 is no limit.
  RankWarden(node::Run& run, RankProcess& rank, int64_t max_bytes);
  ~RankWarden() { Dismiss(); }
  RankWarden(const RankWarden&) = delete;
  RankWarden& operator=(const RankWarden&) = delete;

  // The child has said its last; it has to be done within a moment.
  void ExpectEnd();

  // Returns when the warden does nothing any more.
  void Dismiss();

  // Why it ended the child, if it did: "uses 2100 MiB of memory; --rank-memory-mb allows 2000".
  std::optional<std::string> over_memory() const;
  bool lost_patience() const;

 private:
  void Watch();
  void Deliver(const node::StopOrder& order);
  void CheckMemory();

  node::Run& run_;
  RankProcess& rank_;
  const int64_t max_bytes_;
  // What the child was told of the order, if it was.
  std::optional<bool> told_to_keep_;
  mutable absl::Mutex mutex_;
  bool dismissed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time expect_end_by_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  std::optional<std::string> over_memory_ ABSL_GUARDED_BY(mutex_);
  bool lost_patience_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace imprint::trainer
