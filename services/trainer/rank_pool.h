// The children of a trainer node: kept after a run, with the base model that they have in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include <prometheus/counter.h>

#include "services/trainer/rank_process.h"

namespace imprint::trainer {

struct RankPoolOptions {
  RankCommand command;
  // Children that are kept.
  int slots = 1;
  // Threads that a child computes with, where a run does not say.
  int threads = 1;
  // How long a child may take until it answers.
  absl::Duration start_patience = absl::Seconds(60);
};

// Thread-safe.
class RankPool {
 public:
  // `crashes` counts children that ended unasked.
  RankPool(RankPoolOptions options, prometheus::Counter& crashes)
      : options_(std::move(options)), crashes_(crashes) {}
  ~RankPool() { Close(); }

  // Starts a child for every slot, so that the first runs need not wait for it.
  absl::Status Warm();

  // A child of one's own that answers; computes with `threads` (0: the options'). One with the
  // model in memory goes first; with none that fits, a new one is started. UNAVAILABLE or
  // DEADLINE_EXCEEDED with the reason RANK_CRASHED or RANK_NOT_READY; CANCELLED.
  absl::StatusOr<std::shared_ptr<RankProcess>> Take(int threads, const std::string& fingerprint,
                                                    const std::stop_token& stop);

  // It has loaded a model.
  void Loaded(const RankProcess& rank, const std::string& fingerprint);

  // Gives it back; it is kept unless there are more than slots.
  void Return(std::shared_ptr<RankProcess> rank);

  // Drops children that ended while they were idle; to be called every second.
  void Tidy();

  // A child ended unasked.
  void CountCrash() { crashes_.Increment(); }

  // Children that have not ended, idle or busy.
  int living() const {
    const absl::MutexLock lock(&mutex_);
    return Living();
  }

  // Fingerprints of what idle and busy children have in memory.
  std::vector<std::string> WarmModels() const;
  // Of all children.
  int64_t MemoryBytes() const;
  int threads() const { return options_.threads; }

  // Ends all children, also those that were taken.
  void Close();

 private:
  struct Member {
    std::weak_ptr<RankProcess> rank;
    // What it has in memory, as far as it is known.
    std::string fingerprint;
    // Held while it is idle.
    std::shared_ptr<RankProcess> idle;
  };

  absl::StatusOr<std::shared_ptr<RankProcess>> Spawn(int threads, bool idle);
  std::shared_ptr<RankProcess> TakeIdle(int threads, const std::string& fingerprint);
  // Makes room for a child that is about to be started.
  int Living() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropIdleOverSlots();

  const RankPoolOptions options_;
  prometheus::Counter& crashes_;
  mutable absl::Mutex mutex_;
  std::vector<Member> members_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace imprint::trainer
