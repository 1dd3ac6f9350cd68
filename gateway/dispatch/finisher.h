// Brings jobs to their end: commits results to the registry, and cleans up after cancelled and
// failed jobs. Whatever was half done when a process died is done again here; every step is
// idempotent.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "gateway/jobs/job_endings.h"
#include "gateway/jobs/leases.h"
#include "gateway/jobs/obstacles.h"
#include "gateway/peers/node_table.h"
#include "gateway/peers/registry_client.h"
#include "services/server/metrics.h"
#include "services/server/now_and_then.h"

namespace imprint::gateway {

class Finisher {
 public:
  // `obstacles` receives why a job cannot be finished yet. `now` times retries and how long a
  // registry has been failing; it is called on the finisher's thread.
  Finisher(JobEndings& endings, Leases& leases, NodeTable& nodes, RegistryClient& registry,
           Obstacles& obstacles, Metrics& metrics, std::function<absl::Time()> now = absl::Now);
  ~Finisher();
  Finisher(const Finisher&) = delete;
  Finisher& operator=(const Finisher&) = delete;

  // Wakes the loop because a job may have something to finish, rather than at the next tick.
  // Thread-safe.
  void Wake();

 private:
  // The failed attempt to bring a job to its end.
  struct Stumble {
    absl::Time again;
    // The result of FailingSince.
    absl::Time failing_since = absl::InfiniteFuture();
    NowAndThen warning;
  };

  void Loop(const std::stop_token& stop);
  void Tick(const std::stop_token& stop);
  absl::Status Bring(const UnfinishedJob& job);
  absl::Status Commit(const v1::Job& job);
  absl::StatusOr<std::string> CommitTraining(const v1::Job& job);
  absl::StatusOr<std::string> CommitImageSet(const v1::Job& job);
  absl::StatusOr<std::string> CommitResult(const v1::Job& job);
  // Stops the runs of a cancelled or failed job on their nodes.
  absl::Status StopRuns(const v1::Job& job);
  absl::Status PutToRest(const v1::Job& job);
  void CountFinished(const std::string& state);

  JobEndings& endings_;
  Leases& leases_;
  NodeTable& nodes_;
  RegistryClient& registry_;
  Obstacles& obstacles_;
  Metrics& metrics_;
  const std::function<absl::Time()> now_;
  std::map<std::string, Stumble> stumbled_;
  NowAndThen stumbling_;
  absl::Mutex mutex_;
  absl::CondVar woken_;
  bool wake_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace imprint::gateway
