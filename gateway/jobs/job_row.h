// One job as the database stores it, loaded and saved within a transaction. Private to
// gateway/jobs.
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/job.pb.h>
#include <soci/soci.h>

#include "gateway/jobs/job_state.h"

namespace imprint::gateway {

// The columns as in job_schema.cc; `job` is without its spec.
struct JobRow {
  std::string id;
  std::string tenant;
  int64_t create_us = 0;
  int64_t not_before_us = 0;
  int64_t chunk_items = 0;
  int64_t next_item = 0;
  int64_t items_total = 0;
  double item_work = 0;
  int needs_cleanup = 0;
  int64_t version = 1;
  v1::Job job;

  std::string name() const { return "jobs/" + id; }
};

// Returns NOT_FOUND naming the job.
absl::Status NoSuchJob(const std::string& id);

// Returns NOT_FOUND naming the job.
absl::StatusOr<JobRow> LoadJob(soci::session& sql, const std::string& id);

// Returns the whole job: the row's, and its spec, which is stored by itself. Returns DATA_LOSS if
// the spec is damaged.
absl::StatusOr<v1::Job> WithSpec(soci::session& sql, const JobRow& row);

// Changes the spec, which is stored by itself, unless `change` returns that it left it as it was.
// Returns DATA_LOSS if it is damaged.
absl::Status ChangeSpec(soci::session& sql, const std::string& id,
                        absl::FunctionRef<bool(v1::Job&)> change);

// Writes what may change, and makes the version one higher.
absl::Status SaveJob(soci::session& sql, JobRow& row);

// Appends an event with the next number.
absl::Status AddEvent(soci::session& sql, JobRow& row, v1::JobEvent event);

// Moves the job by the table, with an event and the times that belong to it. SaveJob is the
// caller's. Staying in the same state makes no event.
absl::Status Occur(soci::session& sql, JobRow& row, JobOccurrence occurrence,
                   absl::string_view reason);

// Moves the job to FAILED and marks its runs and tickets as still to be ended. SaveJob is the
// caller's.
absl::Status Fail(soci::session& sql, JobRow& row, const v1::Failure& failure);

}  // namespace imprint::gateway
