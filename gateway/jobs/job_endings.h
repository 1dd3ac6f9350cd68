// Brings jobs to their end in the database: says which are to be finished, stopped or failed, and
// records what became of them. The Finisher (gateway/dispatch) does the work in between.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/job.pb.h>
#include <imprint/v1/node.pb.h>

#include "gateway/jobs/event_bell.h"
#include "storage/database.h"

namespace imprint::gateway {

struct JobRow;

// A job that waits for the registry, or for its runs to be stopped.
struct UnfinishedJob {
  std::string id;
  v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
};

// Thread-safe. Unless its comment says otherwise, a function that takes a job's id returns
// NOT_FOUND if there is no such job and DATA_LOSS if its record is damaged; one that changes the
// job's state returns FAILED_PRECONDITION if no transition allows that (job_state.h). Other errors
// are the database's (storage/database.h).
class JobEndings {
 public:
  // `bell` rings for each job that gets new events.
  JobEndings(Database& database, EventBell& bell) : database_(database), bell_(bell) {}

  // Returns the jobs that waited or took longer than they allow.
  absl::StatusOr<std::vector<std::string>> ExpiredJobs();
  // Fails one of them; a no-op if it has ended, begun, or been deleted in the meantime.
  absl::Status ExpireJob(const std::string& id);

  // Returns FINALIZING and CANCELLING jobs, and failed ones whose runs and tickets are still to be
  // ended.
  absl::StatusOr<std::vector<UnfinishedJob>> Unfinished();
  // Returns a job of any tenant with its spec.
  absl::StatusOr<v1::Job> Load(const std::string& id);
  // Returns the result of a training. Returns DATA_LOSS if the job has none.
  absl::StatusOr<v1::TrainingResult> Result(const std::string& id);
  // Returns the base model's location and identity, as they were when the job was created. Returns
  // DATA_LOSS also if there is no such job.
  absl::StatusOr<v1::ModelLocation> Model(const std::string& id);

  // Moves a job to SUCCEEDED after the registry has committed its result. A no-op if it already is.
  absl::Status Finish(const std::string& id, const std::string& result);
  // Moves a job to FAILED after the registry has refused its result for good.
  absl::Status Refuse(const std::string& id, const v1::Failure& failure);
  // Moves a job whose runs have stopped and whose tickets are void to CANCELLED, or marks it as
  // cleaned up if it had failed.
  absl::Status Stopped(const std::string& id);

 private:
  // Applies `change` to the job in one transaction, and rings for it.
  absl::Status Change(const std::string& id,
                      const std::function<absl::Status(soci::session&, JobRow&)>& change);

  Database& database_;
  EventBell& bell_;
};

}  // namespace imprint::gateway
