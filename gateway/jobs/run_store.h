// Jobs as nodes see them: chunks that are leased, tried, lost, tried again, and done exactly once.
// Every change checks, in its own transaction, that the run is still the chunk's current attempt:
// one that was superseded changes nothing (fencing).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include <imprint/v1/job.pb.h>
#include <imprint/v1/node.pb.h>

#include "gateway/jobs/event_bell.h"
#include "gateway/jobs/item_plan.h"
#include "storage/database.h"

namespace imprint::gateway {

// A job with chunks that nobody works on.
struct WaitingJob {
  std::string id;
  std::string tenant;
  std::string kind;  // "training" or "image_set"
  int priority = 0;
  int slots = 1;       // that one chunk has use for at once
  int min_slots = 1;   // that it needs
  int64_t chunks = 1;  // that wait
  int64_t create_us = 0;
  std::string fingerprint;  // of the base model
  std::string precision;    // "fp32", "bf16", "fp16"
  double item_work = 0;     // of a picture (item_plan.h); 0 is not known
};

struct WaitingJobs {
  std::vector<WaitingJob> jobs;
  // Whether there are more.
  bool cut_off = false;
};

struct QueueLength {
  int64_t chunks = 0;
  int64_t oldest_us = 0;  // age of the oldest job
};

// What a node needs to begin a run.
struct RunLease {
  v1::RunKey key;
  std::string tenant;
  // By rank; one for what is no gang.
  std::vector<std::string> nodes;
  v1::Job job;  // with its spec
  v1::ModelLocation model;
  int64_t first_item = 0;
  int64_t item_count = 0;
  uint64_t done_bits = 0;  // items of the chunk that are done
  std::string checkpoint;  // empty if there is none
  int64_t checkpoint_step = 0;
  std::string trace_id;
};

// A run that some node should have; a gang is several, one for each rank.
struct CurrentRun {
  v1::RunKey key;
  std::string tenant;
  std::string node;
  std::string kind;  // of its job
  int priority = 0;
  int64_t start_us = 0;
  bool cancelling = false;
};

// A job that waits for the registry, or for its runs to be stopped.
struct UnfinishedJob {
  std::string id;
  v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
};

// How a run ended without its result.
struct RunEnd {
  v1::AttemptState state = v1::ATTEMPT_STATE_LOST;
  std::string reason;
  // Whether it counts against the job's max_attempts; node lost, crashed, failed: yes. Drained,
  // preempted, not begun for want of the registry: no.
  bool fault = true;
  // Set if the job must fail with it.
  bool fatal = false;
  v1::Failure failure;
  // Before another attempt.
  absl::Duration wait = absl::ZeroDuration();
};

// A run that is over by the database's clock.
struct ExpiredRun {
  CurrentRun run;
  // How it is to be given back.
  RunEnd end;
};

// Thread-safe.
class RunStore {
 public:
  RunStore(Database& database, EventBell& bell) : database_(database), bell_(bell) {}

  // The most urgent of each tenant and kind, by priority, then by age; about `limit` in all, which
  // tenants and kinds share evenly. Jobs that are not to be tried again yet are not among them.
  absl::StatusOr<WaitingJobs> Waiting(int limit);

  // Whether a job of at least that priority waits.
  absl::StatusOr<bool> AnyWaiting(int priority);

  // All that waits, by kind.
  absl::StatusOr<std::map<std::string, QueueLength>> Queue();

  // Gives the job's next chunk to these nodes, one for each rank, as a new attempt whose leases end
  // after `ttl` unless they are renewed. One that nobody had yet has at most `most_items` pictures,
  // up to kMostChunkItems. FAILED_PRECONDITION if there is no chunk to give any more.
  absl::StatusOr<RunLease> Lease(const std::string& job, const std::vector<std::string>& nodes,
                                 absl::Duration ttl, int64_t most_items = kMostChunkItems);

  // A lease as it was given, for a gateway that takes over. ABORTED if the run is superseded.
  absl::StatusOr<RunLease> Reload(const v1::RunKey& run);

  // By job, chunk and rank.
  absl::StatusOr<std::vector<CurrentRun>> Current();

  // Runs that are not current are passed over.
  absl::Status Renew(const std::vector<v1::RunKey>& runs, absl::Duration ttl);
  // All current runs: after a start, nodes get time to be heard of.
  absl::Status RenewAll(absl::Duration ttl);
  // Runs whose lease ended, of any rank, or which took longer than their job allows.
  absl::StatusOr<std::vector<ExpiredRun>> ExpiredRuns();
  // Jobs that waited, or took, longer than they allow.
  absl::StatusOr<std::vector<std::string>> ExpiredJobs();
  // Fails one of them; OK if it has ended, or begun, in the meantime.
  absl::Status ExpireJob(const std::string& id);

  // ABORTED if the run is superseded, here and below.
  absl::Status RecordStart(const v1::RunKey& run, const v1::RunStarted& started);
  absl::Status RecordProgress(const v1::RunKey& run, const v1::TrainingProgress& progress);
  // Progress since the last checkpoint forgives earlier faults.
  absl::Status RecordCheckpoint(const v1::RunKey& run, const v1::RunCheckpoint& checkpoint);
  // Idempotent by the picture's index.
  absl::Status RecordPicture(const v1::RunKey& run, const v1::PictureDrawn& picture,
                             const std::string& image_set);

  // The run has its result. The last chunk's moves the job to FINALIZING.
  absl::Status CompleteTraining(const v1::RunKey& run, const v1::TrainingResult& result);
  absl::Status CompleteChunk(const v1::RunKey& run, const std::string& image_set);

  // The run ended without. The chunk waits again, unless it has had max_attempts faults without
  // progress or the end is fatal: then the job fails.
  absl::Status GiveBack(const v1::RunKey& run, const RunEnd& end);

  // FINALIZING and CANCELLING jobs, and failed ones whose runs and tickets are still to be ended.
  absl::StatusOr<std::vector<UnfinishedJob>> Unfinished();
  // A job with its spec, whoever's it is.
  absl::StatusOr<v1::Job> Load(const std::string& id);
  absl::StatusOr<v1::TrainingResult> Result(const std::string& id);
  // The base model's place and identity, as they were when the job was created.
  absl::StatusOr<v1::ModelLocation> Model(const std::string& id);

  // The registry has committed it: SUCCEEDED. OK if it is already.
  absl::Status Finish(const std::string& id, const std::string& result);
  // The registry refuses it for good: FAILED.
  absl::Status Refuse(const std::string& id, const v1::Failure& failure);
  // Its runs are stopped and its tickets void: CANCELLED, or cleaned up if it had failed.
  absl::Status Stopped(const std::string& id);

  // Device-seconds by tenant, halved every hour.
  absl::StatusOr<std::map<std::string, double>> Usage();

 private:
  Database& database_;
  EventBell& bell_;
};

}  // namespace imprint::gateway
