// Takes one attempt from its lease to its end: ticket, start, events into the store. It has one
// thread; for a gang it follows rank 0, and GangMembers follows the others.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>
#include <imprint/v1/sampler.pb.h>

#include "gateway/dispatch/gang_members.h"
#include "gateway/dispatch/run_ticket.h"
#include "gateway/jobs/leases.h"
#include "gateway/jobs/obstacles.h"
#include "gateway/jobs/run_end.h"
#include "gateway/jobs/run_records.h"
#include "gateway/peers/node_client.h"
#include "gateway/peers/node_table.h"
#include "gateway/peers/registry_client.h"
#include "gateway/scheduler/drawing_pace.h"
#include "services/server/now_and_then.h"
#include "sets/expansion_cache.h"

namespace imprint::gateway {

// Its destruction stops the following, not the run: another gateway, or this one after a restart,
// adopts the run.
class RunFollower {
 public:
  // `seats` are in order of rank. If `adopted`, the run is already on them. `obstacles` receives
  // what keeps the job from going on. `ended` is called once, on the follower's thread.
  RunFollower(RunLease lease, std::vector<RunNode> seats, bool adopted,
              std::string registry_address, Leases& leases, RunRecords& records, NodeTable& nodes,
              RegistryClient& registry, Obstacles& obstacles, DrawingPace& pace,
              sets::ExpansionCache& plans, std::function<void()> ended);

  const v1::RunKey& key() const { return lease_.key; }
  const std::string& node() const { return node_.name; }
  bool ended() const { return ended_; }
  // Returns those of its runs that their nodes need not list: not begun yet, or ended while the
  // follower is still finding out why.
  std::vector<v1::RunKey> unlisted() const;
  // When the node last reported something about the run.
  absl::Time heard() const { return absl::FromUnixMicros(heard_us_); }

  // Requests a stop ahead of the destructor, which then waits for less.
  void RequestStop();

  // Tells the node to stop the run soon, to make room; the run then ends by itself. Returns whether
  // it was told now: not if it has been told before, or could not be.
  bool Preempt(const std::string& reason);
  bool preempted() const { return preempted_; }

  // Gives the run back and stops following it. The node is not told; the loop that looks for runs
  // that nobody follows does that. Returns ABORTED if the run had already ended.
  absl::Status Abandon(const RunEnd& end);

 private:
  void Follow(const std::stop_token& stop);
  absl::Status Begin();
  absl::Status BeginTraining(const v1::Ticket& ticket);
  void JoinGang(v1::StartTrainingRequest& order) const;
  absl::Status BeginSampling(const v1::Ticket& ticket);
  // Adds what is to be drawn of the chunk.
  absl::Status AddItems(v1::StartSamplingRequest& order);
  // Returns a picture of a set that repeats others, as their record has it.
  absl::StatusOr<v1::ItemRequest> ItemAgain(const v1::Redraw& redraw, int64_t index);
  // Takes over pictures that the set which this one extends has already; those that are left in
  // `order` are to be drawn.
  absl::Status Adopt(v1::StartSamplingRequest& order);
  absl::StatusOr<std::string> ImageSet();
  absl::Status CompleteChunk();
  void NotePace();
  absl::Status Take(const v1::RunEvent& event, const std::stop_token& stop);
  absl::Status Store(const v1::RunEvent& event, const std::stop_token& stop);
  // Sets or clears the job's obstacle by whether an event could be stored.
  void NoteStored(const absl::Status& status);
  absl::Status KeepProgress(const v1::TrainingProgress& progress);
  absl::Status FlushProgress();
  RunEnd EndOf(const v1::RunEvent& last, const std::stop_token& stop);
  void GiveBack(const RunEnd& end, const std::stop_token& stop);

  RunLease lease_;
  RunNode node_;
  bool adopted_;
  std::string registry_address_;
  Leases& leases_;
  RunRecords& records_;
  NodeTable& nodes_;
  RegistryClient& registry_;
  Obstacles& obstacles_;
  DrawingPace& pace_;
  sets::ExpansionCache& plans_;
  NowAndThen cannot_store_;
  std::unique_ptr<NodeClient> client_;
  // Set for a gang.
  std::unique_ptr<GangMembers> members_;
  v1::StartTrainingRequest order_;
  std::string image_set_;
  // When drawing began and how many pictures were drawn, as far as this gateway has seen.
  absl::Time drawing_since_ = absl::InfiniteFuture();
  int64_t drawn_ = 0;
  RunTicket ticket_;
  // Progress that is not stored yet.
  v1::TrainingProgress progress_;
  bool progress_waits_ = false;
  absl::Time progress_stored_ = absl::InfinitePast();
  int64_t next_event_ = 1;
  bool done_ = false;
  std::atomic<bool> preempted_ = false;
  std::atomic<bool> unlisted_;  // rank 0
  std::atomic<bool> ended_ = false;
  std::atomic<int64_t> heard_us_;
  std::function<void()> on_end_;
  std::jthread thread_;
};

}  // namespace imprint::gateway
