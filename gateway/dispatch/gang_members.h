// A gang's other ranks, as the follower of rank 0 manages them: started once rank 0's door is
// known, followed to their ends, and asked how they ended when the gang broke.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>
#include <imprint/v1/trainer.pb.h>

#include "gateway/dispatch/gang_end.h"

namespace imprint::gateway {

// The node that a run is on.
struct RunNode {
  std::string name;
  std::string address;
  v1::NodeKind kind = v1::NODE_KIND_TRAINER;
};

// Returns the numeric address at which the node is reached from here, which is where its ranks are
// to be reached: on the node itself, its name may resolve to loopback.
std::string HostOf(const RunNode& node);

// Thread-safe; one thread per rank. Its destruction stops the following, not the runs.
class GangMembers {
 public:
  // Called, on the rank's thread, when a rank ends before its part is done. It stops rank 0 in the
  // given mode, and is called again while that fails.
  using OnBroken = std::function<absl::Status(v1::StopMode)>;

  // `nodes` are in order of rank, rank 0's included; `run` is rank 0's.
  GangMembers(const v1::RunKey& run, const std::vector<RunNode>& nodes, const OnBroken& broken);
  ~GangMembers();

  // Sends each rank its order, which is rank 0's with another place. Only the first call counts.
  void Begin(const v1::StartTrainingRequest& of_rank_zero, const v1::GangDoor& door);
  // Follows ranks that are already on their nodes.
  void Adopt();

  // Returns the runs that their nodes need not list: not begun yet, or ended.
  std::vector<v1::RunKey> unlisted() const;

  // Blocks until all have ended, one is at fault, a stop is requested, or `patience` passes.
  // Returns what is known, in order of rank.
  std::vector<RankEnd> AwaitEnds(absl::Duration patience) const;

  // Makes it begin and follow nothing from now on.
  void RequestStop();
  // To be called after RequestStop: blocks until no rank is followed any more.
  void Join();

 private:
  class Member;

  // What is known about a rank.
  struct Known {
    RankEnd end;
    bool listed = false;  // its node lists the run
  };

  bool stopped() const;
  Known& Of(int rank) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return known_[static_cast<size_t>(rank) - 1];
  }
  // Returns whether all have ended, one is at fault, or a stop was requested.
  bool Explained() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const v1::RunKey run_;
  // Held while threads are begun, so that a stop finds all of them.
  absl::Mutex beginning_;
  mutable absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Known> known_ ABSL_GUARDED_BY(mutex_);  // rank 1 first
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace imprint::gateway
