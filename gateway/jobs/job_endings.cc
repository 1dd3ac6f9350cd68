#include "gateway/jobs/job_endings.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "gateway/jobs/job_row.h"
#include "gateway/jobs/seats.h"
#include "gateway/jobs/state_sql.h"
#include "gateway/jobs/tenant_usage.h"
#include "rpc/proto_json.h"

namespace imprint::gateway {
namespace {

// A job that has begun no longer waits in the queue, even while it is PENDING again.
constexpr const char* kWaitedTooLong =
    "(queue_until_us > 0 and queue_until_us < :now and begun = 0)";

// Jobs that waited, or took, longer than they allow; as the index jobs_to_expire has it.
std::string Expired() {
  return Sql(
      "state in ({to_run}) and (queue_until_us > 0 or total_until_us > 0)"
      " and ((total_until_us > 0 and total_until_us < :now) or ",
      kWaitedTooLong, ")");
}

// An ended job's chunks are of no use any more; what runs of them is charged.
void DropChunks(soci::session& sql, const JobRow& job) {
  std::vector<int64_t> starts;
  int64_t start_us = 0;
  soci::statement running =
      (sql.prepare << "select c.start_us from seats s"
                      " join chunks c on c.job = s.job and c.chunk = s.chunk where s.job = :job",
       soci::use(job.id), soci::into(start_us));
  running.execute();
  while (running.fetch()) starts.push_back(start_us);
  for (const int64_t start : starts) AddUsage(sql, job.tenant, start, 1);
  LeaveSeats(sql, job.id);
  for (const char* table : {"chunks", "results", "checkpoints"}) {
    sql << absl::StrCat("delete from ", table, " where job = :job"), soci::use(job.id);
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> JobEndings::ExpiredJobs() {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<std::string>> {
    std::vector<std::string> ids;
    const int64_t now = DatabaseNowMicros(sql);
    std::string id;
    soci::statement statement =
        (sql.prepare << absl::StrCat("select id from jobs where ", Expired()),
         soci::use(now, "now"), soci::into(id));
    statement.execute();
    while (statement.fetch()) ids.push_back(id);
    return ids;
  });
}

absl::Status JobEndings::ExpireJob(const std::string& id) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    const int64_t now = DatabaseNowMicros(sql);
    int waited = 0;
    sql << absl::StrCat("select case when ", kWaitedTooLong,
                        " then 1 else 0 end from jobs where id = :id and ", Expired()),
        soci::use(now, "now"), soci::use(id, "id"), soci::into(waited);
    if (!sql.got_data()) return absl::OkStatus();
    ASSIGN_OR_RETURN(JobRow job, LoadJob(sql, id));
    v1::Failure failure;
    failure.set_reason(waited != 0 ? "QUEUE_TIMEOUT" : "TOTAL_TIMEOUT");
    failure.set_message(waited != 0 ? "its work did not begin within timeouts.queue"
                                    : "it took longer than timeouts.total allows");
    RETURN_IF_ERROR(Fail(sql, job, failure));
    return SaveJob(sql, job);
  }));
  bell_.Ring(absl::StrCat("jobs/", id));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<UnfinishedJob>> JobEndings::Unfinished() {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<UnfinishedJob>> {
    std::vector<UnfinishedJob> jobs;
    std::string id;
    int state = 0;
    soci::statement statement =
        (sql.prepare << Sql("select id, state from jobs where state in ({to_end})"
                            " union select id, state from jobs where needs_cleanup = 1"),
         soci::into(id), soci::into(state));
    statement.execute();
    while (statement.fetch()) jobs.push_back({id, static_cast<v1::JobState>(state)});
    return jobs;
  });
}

absl::StatusOr<v1::Job> JobEndings::Load(const std::string& id) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::Job> {
    ASSIGN_OR_RETURN(const JobRow row, LoadJob(sql, id));
    return WithSpec(sql, row);
  });
}

absl::StatusOr<v1::TrainingResult> JobEndings::Result(const std::string& id) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::TrainingResult> {
    v1::TrainingResult result;
    std::string body;
    sql << "select body from results where job = :id", soci::use(id), soci::into(body);
    if (!sql.got_data() || !result.ParseFromString(absl::HexStringToBytes(body))) {
      return absl::DataLossError(absl::StrCat("jobs/", id, " has no result"));
    }
    return result;
  });
}

absl::StatusOr<v1::ModelLocation> JobEndings::Model(const std::string& id) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::ModelLocation> {
    std::string json;
    sql << "select model from jobs where id = :id", soci::use(id), soci::into(json);
    return FromJsonText<v1::ModelLocation>(json);
  });
}

absl::Status JobEndings::Change(
    const std::string& id, const std::function<absl::Status(soci::session&, JobRow&)>& change) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(JobRow row, LoadJob(sql, id));
    return change(sql, row);
  }));
  bell_.Ring(absl::StrCat("jobs/", id));
  return absl::OkStatus();
}

absl::Status JobEndings::Finish(const std::string& id, const std::string& result) {
  return Change(id, [&](soci::session& sql, JobRow& row) -> absl::Status {
    if (row.job.state() == v1::JOB_STATE_SUCCEEDED) return absl::OkStatus();
    row.job.set_result(result);
    RETURN_IF_ERROR(Occur(sql, row, JobOccurrence::kCommitted, result));
    DropChunks(sql, row);
    return SaveJob(sql, row);
  });
}

absl::Status JobEndings::Refuse(const std::string& id, const v1::Failure& failure) {
  return Change(id, [&](soci::session& sql, JobRow& row) -> absl::Status {
    RETURN_IF_ERROR(Fail(sql, row, failure));
    return SaveJob(sql, row);
  });
}

absl::Status JobEndings::Stopped(const std::string& id) {
  return Change(id, [&](soci::session& sql, JobRow& row) -> absl::Status {
    DropChunks(sql, row);
    row.needs_cleanup = 0;
    if (row.job.state() == v1::JOB_STATE_CANCELLING) {
      RETURN_IF_ERROR(Occur(sql, row, JobOccurrence::kStopped, "stopped"));
    }
    return SaveJob(sql, row);
  });
}

}  // namespace imprint::gateway
