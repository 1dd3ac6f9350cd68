// Jobs as nodes see them: chunks that are leased, attempted, lost, retried, and completed exactly
// once. Every change checks, in its own transaction, that the run is still the chunk's current
// attempt: a superseded one changes nothing (fencing).
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
  int slots = 1;       // the most that one chunk can use at once
  int min_slots = 1;   // the fewest that one chunk needs
  int64_t chunks = 1;  // chunks that wait
  int64_t create_us = 0;
  std::string fingerprint;  // of the base model
  std::string precision;    // "fp32", "bf16", "fp16"
  double item_work = 0;     // work of one picture (item_plan.h); 0 means unknown
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
  // The nodes in order of rank; one if the chunk is not a gang.
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

// A run that some node should have; a gang has several, one for each rank.
struct CurrentRun {
  v1::RunKey key;
  std::string tenant;
  std::string node;
  std::string kind;  // kind of its job
  int priority = 0;
  int64_t start_us = 0;
  bool cancelling = false;
};

// A job that waits for the registry, or for its runs to be stopped.
struct UnfinishedJob {
  std::string id;
  v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
};

// How a run ended without a result.
struct RunEnd {
  v1::AttemptState state = v1::ATTEMPT_STATE_LOST;
  std::string reason;
  // Whether it counts against the job's max_attempts. It does if the node was lost, or the run
  // crashed or failed. It does not if the run was drained, preempted, or not begun because the
  // registry was unavailable.
  bool fault = true;
  // Set if the job must fail with it, instead of retrying.
  bool fatal = false;
  v1::Failure failure;
  // How long to wait before another attempt.
  absl::Duration wait = absl::ZeroDuration();
};

// A run whose time is over by the database's clock.
struct ExpiredRun {
  CurrentRun run;
  // How it is to be given back.
  RunEnd end;
};

// Thread-safe.
class RunStore {
 public:
  RunStore(Database& database, EventBell& bell) : database_(database), bell_(bell) {}

  // Returns the most urgent jobs of each tenant and kind, by priority, then by age; about `limit`
  // in all, shared evenly among tenants and kinds. Jobs in back-off, which are not to be retried
  // yet, are left out.
  absl::StatusOr<WaitingJobs> Waiting(int limit);

  // Returns whether a job of at least that priority waits.
  absl::StatusOr<bool> AnyWaiting(int priority);

  // Returns the length of the queue, by kind.
  absl::StatusOr<std::map<std::string, QueueLength>> Queue();

  // Leases the job's next chunk to these nodes, one for each rank, as a new attempt whose leases
  // end after `ttl` unless they are renewed. A chunk that no node had before gets at most
  // `most_items` pictures, up to kMostChunkItems. Returns FAILED_PRECONDITION if there is no chunk
  // left to lease.
  absl::StatusOr<RunLease> Lease(const std::string& job, const std::vector<std::string>& nodes,
                                 absl::Duration ttl, int64_t most_items = kMostChunkItems);

  // Returns a lease as it was given, for a gateway that adopts the run. Returns ABORTED if the run
  // is superseded.
  absl::StatusOr<RunLease> Reload(const v1::RunKey& run);

  // Returns all current runs, in order of job, chunk and rank.
  absl::StatusOr<std::vector<CurrentRun>> Current();

  // Renews the leases of runs; those that are not current are skipped.
  absl::Status Renew(const std::vector<v1::RunKey>& runs, absl::Duration ttl);
  // Renews the leases of all current runs, so that nodes get time to be heard of after a restart.
  absl::Status RenewAll(absl::Duration ttl);
  // Returns the runs whose lease ended, for any of their ranks, or which took longer than their job
  // allows.
  absl::StatusOr<std::vector<ExpiredRun>> ExpiredRuns();
  // Returns the jobs that waited or took longer than they allow.
  absl::StatusOr<std::vector<std::string>> ExpiredJobs();
  // Fails one of them; a no-op if it has ended, or begun, in the meantime.
  absl::Status ExpireJob(const std::string& id);

  // Records that a run started. Returns ABORTED if the run is superseded, as do the functions
  // below up to GiveBack.
  absl::Status RecordStart(const v1::RunKey& run, const v1::RunStarted& started);
  absl::Status RecordProgress(const v1::RunKey& run, const v1::TrainingProgress& progress);
  // Records a checkpoint. Progress since the last one clears earlier faults.
  absl::Status RecordCheckpoint(const v1::RunKey& run, const v1::RunCheckpoint& checkpoint);
  // Records a picture; idempotent by its index.
  absl::Status RecordPicture(const v1::RunKey& run, const v1::PictureDrawn& picture,
                             const std::string& image_set);

  // Completes a run that has its result. When the last chunk completes, the job moves to
  // FINALIZING.
  absl::Status CompleteTraining(const v1::RunKey& run, const v1::TrainingResult& result);
  absl::Status CompleteChunk(const v1::RunKey& run, const std::string& image_set);

  // Gives back a run that ended without a result. The chunk waits again, unless it has had
  // max_attempts faults without progress or the end is fatal: then the job fails.
  absl::Status GiveBack(const v1::RunKey& run, const RunEnd& end);

  // Returns FINALIZING and CANCELLING jobs, and failed ones whose runs and tickets are still to be
  // ended.
  absl::StatusOr<std::vector<UnfinishedJob>> Unfinished();
  // Returns a job of any tenant with its spec.
  absl::StatusOr<v1::Job> Load(const std::string& id);
  absl::StatusOr<v1::TrainingResult> Result(const std::string& id);
  // Returns the base model's location and identity, as they were when the job was created.
  absl::StatusOr<v1::ModelLocation> Model(const std::string& id);

  // Moves a job to SUCCEEDED after the registry has committed its result. A no-op if it already is.
  absl::Status Finish(const std::string& id, const std::string& result);
  // Moves a job to FAILED after the registry has refused its result for good.
  absl::Status Refuse(const std::string& id, const v1::Failure& failure);
  // Moves a job whose runs have stopped and whose tickets are void to CANCELLED, or marks it as
  // cleaned up if it had failed.
  absl::Status Stopped(const std::string& id);

  // Returns device-seconds by tenant, with a half-life of one hour.
  absl::StatusOr<std::map<std::string, double>> Usage();

 private:
  Database& database_;
  EventBell& bell_;
};

}  // namespace imprint::gateway
