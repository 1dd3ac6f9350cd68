// Jobs as callers see them: created once per request id, read, listed, cancelled, forgotten. What
// happens to their runs is in run_stores.h; all share the database.
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
#include "rpc/page.h"
#include "storage/database.h"

namespace imprint::gateway {

// The most live jobs at once; more are refused with RESOURCE_EXHAUSTED and RetryInfo.
struct QueueLimits {
  int64_t live_jobs_per_tenant = 10'000;
  int64_t live_jobs = 100'000;
};

// A job to create: spec, priority, max_attempts and labels set and valid.
struct NewJob {
  v1::Job job;
  v1::ModelLocation model;
  // Of an image set: the mean work of a picture (item_plan.h); 0 if it is not known.
  double item_work = 0;
  std::string trace_id;
  // Empty means that the create is not idempotent.
  std::string request_id;
  // Hash of what the caller sent, without the request id: the same id with another payload is
  // refused.
  std::string payload_sha256;
};

// A parsed filter; fields that are not set do not restrict.
struct JobFilter {
  std::map<v1::JobState, bool> states;  // wanted (true) or unwanted
  std::string kind;                     // "training" or "image_set"
  std::map<std::string, std::string> labels;
};

// Thread-safe.
class JobStore {
 public:
  JobStore(Database& database, EventBell& bell, QueueLimits limits)
      : database_(database), bell_(bell), limits_(limits) {}

  // Returns the job that an earlier create with this request id made, if there is one. Returns
  // ALREADY_EXISTS if the payload was another.
  absl::StatusOr<std::string> FindRequest(const std::string& tenant, const std::string& request_id,
                                          const std::string& payload_sha256);

  // Queues a job, or returns the one that has its request id.
  absl::StatusOr<v1::Job> Create(const std::string& tenant, NewJob job);

  // Returns the job with its spec. Returns NOT_FOUND, also for another tenant's job.
  absl::StatusOr<v1::Job> Get(const std::string& tenant, const std::string& id);

  // Returns the job's state without reading the rest of it. Returns NOT_FOUND, also for another
  // tenant's job.
  absl::StatusOr<v1::JobState> State(const std::string& tenant, const std::string& id);

  // Lists jobs, newest first; `next` receives the key that the next page begins after, or nothing.
  // A page may have fewer jobs than asked for, or none, without being the last.
  absl::StatusOr<std::vector<v1::Job>> List(const std::string& tenant, const JobFilter& filter,
                                            const Page& page, std::string& next);

  // Returns the events numbered `from` and up, in order, at most `limit`.
  absl::StatusOr<std::vector<v1::JobEvent>> Events(const std::string& id, int64_t from, int limit);

  // Returns what became of the job's last 100 attempts, oldest first, one line each.
  absl::StatusOr<std::vector<std::string>> Attempts(const std::string& id);

  // Returns why a job was cancelled; empty if it was not.
  absl::StatusOr<std::string> CancelReason(const std::string& id);

  // Requests cancellation; terminal jobs and those that are FINALIZING stay as they are.
  absl::StatusOr<v1::Job> Cancel(const std::string& tenant, const std::string& id,
                                 absl::string_view reason);

  // Changes labels or priority, whichever `update` says. Returns ABORTED if `etag` is set and is
  // not the job's.
  struct Update {
    const std::map<std::string, std::string>* labels = nullptr;
    v1::JobPriority priority = v1::JOB_PRIORITY_UNSPECIFIED;
    std::string etag;
  };
  absl::StatusOr<v1::Job> Change(const std::string& tenant, const std::string& id,
                                 const Update& update);

  // Deletes a terminal job. Returns FAILED_PRECONDITION while it is live, and ABORTED for an older
  // etag.
  absl::Status Delete(const std::string& tenant, const std::string& id, const std::string& etag);

  // Enforces retention: continues deleting the job that ended first, of all tenants, if that was at
  // least `age` ago: some thousand events per call, then the rest. Returns whether there was
  // something to delete.
  absl::StatusOr<bool> ForgetOldest(absl::Duration age);

  // Returns FAILED_PRECONDITION, naming one of them, if live jobs use the base model or reference
  // set.
  absl::Status CheckUnused(const std::string& tenant, const std::string& resource);

  // Counts jobs by state, over all tenants.
  absl::StatusOr<std::map<v1::JobState, int64_t>> CountByState();

 private:
  Database& database_;
  EventBell& bell_;
  QueueLimits limits_;
};

}  // namespace imprint::gateway
