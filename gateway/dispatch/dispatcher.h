// Carries out the JobScheduler's decisions: leases chunks, follows their runs, adopts runs that an
// earlier gateway left, and gives back what is lost. One loop on one thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "gateway/dispatch/run_follower.h"
#include "gateway/jobs/obstacles.h"
#include "gateway/jobs/run_stores.h"
#include "gateway/peers/node_table.h"
#include "gateway/peers/registry_client.h"
#include "gateway/scheduler/drawing_pace.h"
#include "gateway/scheduler/job_scheduler.h"
#include "gateway/scheduler/preemption.h"
#include "services/server/metrics.h"
#include "services/server/now_and_then.h"

namespace imprint::gateway {

struct DispatchSettings {
  // The registry's address as nodes reach it.
  std::string registry_address;
  // A run whose node has sent no heartbeat for this long is lost.
  absl::Duration lease = absl::Seconds(10);
  // A run that has reported nothing for this long, though its node sends heartbeats, is given up.
  absl::Duration stall = absl::Minutes(10);
  // The target duration of an image set's chunk.
  absl::Duration chunk = absl::Seconds(20);
};

class Dispatcher {
 public:
  // `obstacles` receives what keeps jobs from going on.
  Dispatcher(RunStores& runs, NodeTable& nodes, RegistryClient& registry, Obstacles& obstacles,
             DrawingPace& pace, sets::ExpansionCache& plans, DispatchSettings settings,
             Metrics& metrics);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // Wakes the loop because something changed, rather than at the next tick. Thread-safe.
  void Wake();

 private:
  void Loop(const std::stop_token& stop);
  // Records the outcome of a tick; returns whether it failed.
  bool Stumbles(const absl::Status& status);
  absl::Status Tick();
  absl::Status RenewAndExpire();
  absl::Status ExpireJobs();
  absl::Status Lose(const v1::RunKey& run, const std::string& node, const RunEnd& end);
  absl::Status AdoptOrLose(const std::vector<CurrentRun>& current);
  void StopStrays(const std::vector<CurrentRun>& current);
  absl::Status GiveUpStalled();
  absl::Status Schedule(const std::vector<CurrentRun>& current);
  absl::Status Begin(const Placement& placement, const ClusterSnapshot& now);
  // Whether a run that is to give way to an urgent one on its node has not heard of it.
  bool IsOneToBeTold(const std::vector<CurrentRun>& current, const PreemptionPolicy& policy);
  // Stops runs that give way to others; their chunks wait again.
  void Preempt(const std::vector<Preemption>& preemptions);
  void Follow(RunLease lease, bool adopted);
  absl::Status PassOverDamaged(const std::string& job, const absl::Status& status);

  RunStores& runs_;
  NodeTable& nodes_;
  RegistryClient& registry_;
  Obstacles& obstacles_;
  DispatchSettings settings_;
  prometheus::Histogram& decide_seconds_;
  Metrics& metrics_;
  DrawingPace& pace_;
  sets::ExpansionCache& plans_;
  std::map<std::string, std::unique_ptr<RunFollower>> followers_;
  NowAndThen stumbling_;
  absl::Time next_expiry_ = absl::InfinitePast();
  // Jobs whose records are damaged.
  std::set<std::string> damaged_;
  absl::Mutex mutex_;
  absl::CondVar woken_;
  bool wake_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace imprint::gateway
