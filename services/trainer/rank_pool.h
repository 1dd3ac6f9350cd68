// The child processes of a trainer node: each has one training, or several that compute together.
// They are kept after a run, with the base model in memory.
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

// Returns the number of children that so many slots need when all of them are packed.
constexpr int ChildrenFor(int slots, int pack) { return (slots + pack - 1) / pack; }

struct RankPoolOptions {
  RankCommand command;
  // The number of runs at once.
  int slots = 1;
  // The number of trainings that may share a child.
  int pack = 1;
  // The number of threads that a child computes with, unless a run says otherwise.
  int threads = 1;
  // How long a new child may take to answer.
  absl::Duration start_patience = absl::Seconds(60);
};

// What runs that share a child have in common.
struct RankKind {
  // The base model's folder and its fingerprint: two folders may hold the same weights, and a child
  // has one model at a time.
  std::string folder;
  std::string model;
  std::string precision;
  // Side of the pictures in pixels, 0 for the model's own. A round of a pack takes as long as all
  // of its batches: small ones beside large ones would do no more steps than these.
  int size = 0;
  int priority = 0;

  bool operator==(const RankKind&) const = default;
};

// What a run asks of its child.
struct RankNeed {
  // The number of threads it computes with; 0 means the pool's.
  int threads = 0;
  RankKind kind;
  // Whether the run is to have its child to itself.
  bool alone = false;

  bool operator==(const RankNeed&) const = default;
};

// Thread-safe.
class RankPool {
 public:
  // `crashes` counts children that ended unexpectedly.
  RankPool(RankPoolOptions options, prometheus::Counter& crashes)
      : options_(std::move(options)), crashes_(crashes) {}
  ~RankPool() { Close(); }

  // Starts the children that the slots need when all are packed, so that the first runs need not
  // wait for one.
  absl::Status Warm();

  // Takes a child that answers: one that already has runs of the same kind, and takes more; else an
  // idle one, if there is one with the model in memory; else a new one. If the child does not
  // answer, returns UNAVAILABLE with the reason RANK_CRASHED or DEADLINE_EXCEEDED with
  // RANK_NOT_READY; CANCELLED once `stop` is requested.
  absl::StatusOr<std::shared_ptr<RankProcess>> Take(RankNeed need, const std::stop_token& stop);

  // Notes that the child has loaded a model.
  void Loaded(const RankProcess& rank, const std::string& model);

  // Gives the child back. Once it has no run it is kept, unless as many are idle as the slots need
  // when all are packed.
  void Return(std::shared_ptr<RankProcess> rank);

  // Gives the child no more runs; it ends once those that it has have returned it. Returns whether
  // it has others than the caller's.
  bool Retire(const RankProcess& rank);

  // Drops children that ended while they were idle. To be called every second.
  void Tidy();

  // Counts a child that ended unexpectedly, once, whichever of its runs says so.
  void CountCrash(const RankProcess& rank);

  // The number of children that have not ended, idle or busy.
  int living() const {
    const absl::MutexLock lock(&mutex_);
    return Living();
  }

  // Returns the fingerprints of the models that idle and busy children have in memory.
  std::vector<std::string> WarmModels() const;
  // Returns the memory of all children.
  int64_t MemoryBytes() const;
  int threads() const { return options_.threads; }

  // Ends all children, including those that were taken.
  void Close();

 private:
  struct Member {
    std::weak_ptr<RankProcess> rank;
    // The model that it has in memory, as far as is known.
    std::string model;
    // The runs that it has, and what they asked for.
    int runs = 0;
    RankNeed need;
    bool retired = false;
    bool crashed = false;
    // Set while it is idle.
    std::shared_ptr<RankProcess> idle;
  };

  absl::StatusOr<std::shared_ptr<RankProcess>> Choose(const RankNeed& need);
  absl::StatusOr<std::shared_ptr<RankProcess>> Spawn(int threads, Member member);
  std::shared_ptr<RankProcess> Share(const RankNeed& need);
  std::shared_ptr<RankProcess> TakeIdle(const RankNeed& need);
  // Null if it is not among them.
  Member* Find(const RankProcess& rank) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int Needed() const { return ChildrenFor(options_.slots, options_.pack); }
  int Living() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes room for a child that is about to be started.
  void DropIdleBeyondNeed();

  const RankPoolOptions options_;
  prometheus::Counter& crashes_;
  // Held while a child is chosen: two runs of one kind that begin at once get one child.
  absl::Mutex choosing_;
  mutable absl::Mutex mutex_;
  std::vector<Member> members_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace imprint::trainer
