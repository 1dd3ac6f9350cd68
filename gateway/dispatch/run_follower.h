// Takes one run from its lease to its end: ticket, start, events into the store. One thread.
#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>

#include "gateway/dispatch/node_client.h"
#include "gateway/dispatch/registry_client.h"
#include "gateway/jobs/run_store.h"
#include "gateway/nodes/node_table.h"

namespace imprint {

// Stops following, not the run, when it is destroyed: another gateway, or this one's next start,
// takes the run over.
class RunFollower {
 public:
  struct Node {
    std::string name;
    std::string address;
    v1::NodeKind kind;
  };

  // `adopted`: the run is on the node already. `ended` is called once, on the follower's thread.
  RunFollower(RunLease lease, Node node, bool adopted, std::string registry_address, RunStore& runs,
              NodeTable& nodes, RegistryClient& registry, std::function<void()> ended);

  const v1::RunKey& key() const { return lease_.key; }
  const std::string& node() const { return node_.name; }
  bool ended() const { return ended_; }
  // Its node has not got it yet.
  bool beginning() const { return beginning_; }
  // When the node last said something about the run.
  absl::Time heard() const { return absl::FromUnixMicros(heard_us_); }

  // The destructor then waits for less.
  void RequestStop() { thread_.request_stop(); }

  // Gives the run back and stops following it. To tell its node is for whoever looks for runs that
  // nobody follows. ABORTED if the run had ended already.
  absl::Status Abandon(const RunEnd& end);

 private:
  void Follow(const std::stop_token& stop);
  absl::Status Begin();
  absl::Status BeginTraining(const v1::Ticket& ticket);
  absl::Status BeginSampling(const v1::Ticket& ticket);
  absl::StatusOr<std::string> ImageSet();
  absl::Status CompleteChunk();
  absl::Status Take(const v1::RunEvent& event, const std::stop_token& stop);
  absl::Status KeepProgress(const v1::TrainingProgress& progress);
  absl::Status FlushProgress();
  void GiveBack(const RunEnd& end, const std::stop_token& stop);

  RunLease lease_;
  Node node_;
  bool adopted_;
  std::string registry_address_;
  RunStore& runs_;
  NodeTable& nodes_;
  RegistryClient& registry_;
  std::unique_ptr<NodeClient> client_;
  std::string image_set_;
  // Not yet stored.
  v1::TrainingProgress progress_;
  bool progress_waits_ = false;
  absl::Time progress_stored_ = absl::InfinitePast();
  int64_t next_event_ = 1;
  bool done_ = false;
  std::atomic<bool> beginning_;
  std::atomic<bool> ended_ = false;
  std::atomic<int64_t> heard_us_;
  std::function<void()> on_end_;
  std::jthread thread_;
};

}  // namespace imprint
