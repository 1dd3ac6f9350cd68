// How jobs come to their end: which of them are to be finished, stopped or failed, and what became
// of it. The Finisher does the work in between.
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

// Thread-safe. Functions that take a job's id give NOT_FOUND if there is none, and DATA_LOSS if its
// record cannot be read; those that end it give FAILED_PRECONDITION if its state does not allow
// that (job_state.h). Other errors are the database's (storage/database.h).
class JobEndings {
 public:
  // `bell` wakes who waits for the events that are written.
  JobEndings(Database& database, EventBell& bell) : database_(database), bell_(bell) {}

  // Jobs that waited, or took, longer than they allow.
  absl::StatusOr<std::vector<std::string>> ExpiredJobs();
  // Fails one of them; OK if it has ended, or begun, in the meantime, or is not there any more.
  absl::Status ExpireJob(const std::string& id);

  // FINALIZING and CANCELLING jobs, and failed ones whose runs and tickets are still to be ended.
  absl::StatusOr<std::vector<UnfinishedJob>> Unfinished();
  // A job with its spec, whoever's it is.
  absl::StatusOr<v1::Job> Load(const std::string& id);
  // What its training came to. DATA_LOSS if it has no result.
  absl::StatusOr<v1::TrainingResult> Result(const std::string& id);
  // The base model's place and identity, as they were when the job was created. DATA_LOSS also if
  // there is no such job.
  absl::StatusOr<v1::ModelLocation> Model(const std::string& id);

  // The registry has committed it: SUCCEEDED. OK if it is already.
  absl::Status Finish(const std::string& id, const std::string& result);
  // The registry refuses it for good: FAILED.
  absl::Status Refuse(const std::string& id, const v1::Failure& failure);
  // Its runs are stopped and its tickets void: CANCELLED, or cleaned up if it had failed.
  absl::Status Stopped(const std::string& id);

 private:
  // Has the job changed in one transaction, and rings for it.
  absl::Status Change(const std::string& id,
                      const std::function<absl::Status(soci::session&, JobRow&)>& change);

  Database& database_;
  EventBell& bell_;
};

}  // namespace imprint::gateway
