// A gang's other ranks, as the follower of rank 0 sees them: begun once rank 0's door is known,
// followed to their ends, and asked how they ended when the gang broke.
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

// Where a run is.
struct RunNode {
  std::string name;
  std::string address;
  v1::NodeKind kind = v1::NODE_KIND_TRAINER;
};

// The node's address as it is reached from here, as a number: what its ranks are to be reached at.
// On the node itself a name may mean loopback.
std::string HostOf(const RunNode& node);

// Thread-safe; one thread a rank. Stops following, not the runs, when it is destroyed.
class GangMembers {
 public:
  // Called when a rank ends before its part is done, on that rank's thread: stops rank 0 in that
  // way. Again while it fails.
  using OnBroken = std::function<absl::Status(v1::StopMode)>;

  // `nodes` by rank, rank 0's among them; `run` is rank 0's.
  GangMembers(const v1::RunKey& run, const std::vector<RunNode>& nodes, const OnBroken& broken);
  ~GangMembers();

  // Gives each its order: rank 0's, with another place. The first call counts.
  void Begin(const v1::StartTrainingRequest& of_rank_zero, const v1::GangDoor& door);
  // They are on their nodes already.
  void Adopt();

  // Runs that their nodes need not list: not begun yet, or ended.
  std::vector<v1::RunKey> unlisted() const;

  // Waits until all have ended, or one is at fault, or a stop is requested, or patience ends. By
  // rank.
  std::vector<RankEnd> AwaitEnds(absl::Duration patience) const;

  // Begins and follows nothing from now on.
  void RequestStop();
  // After a requested stop: waits until nobody is followed any more.
  void Join();

 private:
  class Member;

  // What is known of a rank.
  struct Known {
    RankEnd end;
    bool listed = false;  // by its node
  };

  bool stopped() const;
  Known& Of(int rank) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return known_[static_cast<size_t>(rank) - 1];
  }
  // All have ended, or one is at fault, or nobody asks any more.
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
