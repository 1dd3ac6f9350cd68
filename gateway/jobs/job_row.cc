#include "gateway/jobs/job_row.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include <google/protobuf/util/time_util.h>

#include "base/status_macros.h"
#include "rpc/proto_json.h"
#include "storage/database.h"

namespace imprint::gateway {
namespace {

using google::protobuf::util::TimeUtil;

// So many progress events of a job are kept; every so many events the older ones go.
constexpr int64_t kProgressKept = 1000;
constexpr int64_t kPruneEvery = 256;

// What the event tells, as the column `kind` has it.
std::string KindOf(const v1::JobEvent& event) {
  switch (event.event_case()) {
    case v1::JobEvent::kStateChange:
      return "state";
    case v1::JobEvent::kProgress:
      return "progress";
    case v1::JobEvent::kPicture:
      return "picture";
    case v1::JobEvent::kAttemptChange:
      return "attempt";
    case v1::JobEvent::kCheckpoint:
      return "checkpoint";
    case v1::JobEvent::EVENT_NOT_SET:
      break;
  }
  return "";
}

}  // namespace

absl::Status NoSuchJob(const std::string& id) {
  return absl::NotFoundError(absl::StrCat("name: there is no jobs/", id));
}

absl::StatusOr<JobRow> LoadJob(soci::session& sql, const std::string& id) {
  JobRow row;
  std::string json;
  sql << "select id, tenant, create_us, not_before_us, chunk_items, next_item, items_total,"
         " item_work, needs_cleanup, version, job from jobs where id = :id",
      soci::use(id, "id"), soci::into(row.id), soci::into(row.tenant), soci::into(row.create_us),
      soci::into(row.not_before_us), soci::into(row.chunk_items), soci::into(row.next_item),
      soci::into(row.items_total), soci::into(row.item_work), soci::into(row.needs_cleanup),
      soci::into(row.version), soci::into(json);
  if (!sql.got_data()) return NoSuchJob(id);
  RETURN_IF_ERROR(FromJsonText(json, row.job));
  return row;
}

absl::StatusOr<v1::Job> WithSpec(soci::session& sql, const JobRow& row) {
  std::string spec;
  sql << "select spec from jobs where id = :id", soci::use(row.id), soci::into(spec);
  ASSIGN_OR_RETURN(v1::Job job, FromJsonText<v1::Job>(spec));
  job.MergeFrom(row.job);
  return job;
}

absl::Status ChangeSpec(soci::session& sql, const std::string& id,
                        absl::FunctionRef<bool(v1::Job&)> change) {
  std::string text;
  sql << "select spec from jobs where id = :id", soci::use(id), soci::into(text);
  ASSIGN_OR_RETURN(v1::Job job, FromJsonText<v1::Job>(text));
  if (!change(job)) return absl::OkStatus();
  ASSIGN_OR_RETURN(text, ToJsonText(job));
  sql << "update jobs set spec = :spec where id = :id", soci::use(text), soci::use(id);
  return absl::OkStatus();
}

absl::Status SaveJob(soci::session& sql, JobRow& row) {
  ++row.version;
  row.job.set_etag(absl::StrCat(row.version));
  ASSIGN_OR_RETURN(const std::string json, ToJsonText(row.job));
  const int state = row.job.state();
  const int priority = row.job.priority();
  const int64_t end_us =
      row.job.has_end_time() ? TimeUtil::TimestampToMicroseconds(row.job.end_time()) : 0;
  sql << "update jobs set state = :state, priority = :priority, not_before_us = :not_before,"
         " chunk_items = :chunk_items, next_item = :next_item, needs_cleanup = :cleanup, end_us = "
         ":end,"
         " version = :version, job = :job where id = :id",
      soci::use(state, "state"), soci::use(priority, "priority"),
      soci::use(row.not_before_us, "not_before"), soci::use(row.chunk_items, "chunk_items"),
      soci::use(row.next_item, "next_item"), soci::use(row.needs_cleanup, "cleanup"),
      soci::use(end_us, "end"), soci::use(row.version, "version"), soci::use(json, "job"),
      soci::use(row.id, "id");
  return absl::OkStatus();
}

absl::Status AddEvent(soci::session& sql, JobRow& row, v1::JobEvent event) {
  // Counted in the job, not in the table, from which old events go: a number never comes twice.
  const int64_t number = row.job.last_event() + 1;
  row.job.set_last_event(number);
  event.set_number(number);
  *event.mutable_time() = TimeUtil::MicrosecondsToTimestamp(DatabaseNowMicros(sql));
  const std::string kind = KindOf(event);
  ASSIGN_OR_RETURN(const std::string body, ToJsonText(event));
  sql << "insert into events (job, number, kind, body) values (:job, :number, :kind, :body)",
      soci::use(row.id, "job"), soci::use(number, "number"), soci::use(kind, "kind"),
      soci::use(body, "body");
  if (number % kPruneEvery == 0) {
    const int64_t oldest = number - kProgressKept;
    sql << "delete from events where job = :job and kind = 'progress' and number < :oldest",
        soci::use(row.id, "job"), soci::use(oldest, "oldest");
  }
  return absl::OkStatus();
}

absl::Status Occur(soci::session& sql, JobRow& row, JobOccurrence occurrence,
                   absl::string_view reason) {
  const v1::JobState from = row.job.state();
  ASSIGN_OR_RETURN(const v1::JobState to, NextState(from, occurrence));
  if (from == to) return absl::OkStatus();
  row.job.set_state(to);
  const auto now = TimeUtil::MicrosecondsToTimestamp(DatabaseNowMicros(sql));
  if (to == v1::JOB_STATE_RUNNING && !row.job.has_start_time()) {
    *row.job.mutable_start_time() = now;
  }
  if (IsTerminal(to)) *row.job.mutable_end_time() = now;
  v1::JobEvent event;
  event.mutable_state_change()->set_from(from);
  event.mutable_state_change()->set_to(to);
  event.mutable_state_change()->set_reason(std::string(reason));
  return AddEvent(sql, row, std::move(event));
}

absl::Status Fail(soci::session& sql, JobRow& row, const v1::Failure& failure) {
  *row.job.mutable_failure() = failure;
  row.needs_cleanup = 1;
  return Occur(sql, row, JobOccurrence::kFailed, failure.message());
}

}  // namespace imprint::gateway
