#include "gateway/jobs/job_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include <google/protobuf/util/time_util.h>

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "gateway/jobs/item_plan.h"
#include "gateway/jobs/job_row.h"
#include "gateway/jobs/state_sql.h"
#include "rpc/enum_text.h"
#include "rpc/proto_json.h"
#include "rpc/status.h"

namespace imprint::gateway {
namespace {

using google::protobuf::util::TimeUtil;

constexpr absl::Duration kRetryFullQueue = absl::Seconds(5);
// Small enough to keep no other transaction waiting.
constexpr int kEventsForgottenAtOnce = 5000;
// A page that looked at so many jobs and is still not full goes out as it is: labels are JSON,
// which no index helps to find, and a caller can go on from there.
constexpr int kJobsLookedAt = 5000;

absl::StatusOr<JobRow> LoadOwn(soci::session& sql, const std::string& tenant,
                               const std::string& id) {
  ASSIGN_OR_RETURN(JobRow row, LoadJob(sql, id));
  if (row.tenant != tenant) return NoSuchJob(id);
  return row;
}

absl::Status CheckEtag(const JobRow& row, const std::string& etag) {
  if (etag.empty() || etag == row.job.etag()) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat("etag: got ", Quoted(etag), "; the job's is ",
                                         row.job.etag(), ": read it again"));
}

absl::StatusOr<std::string> FindRequestIn(soci::session& sql, const std::string& tenant,
                                          const std::string& request_id,
                                          const std::string& payload_sha256) {
  std::string job;
  std::string payload;
  sql << "select job, payload_sha256 from request_ids where tenant = :t and request_id = :r",
      soci::use(tenant), soci::use(request_id), soci::into(job), soci::into(payload);
  if (!sql.got_data()) return std::string();
  if (payload == payload_sha256) return job;
  return absl::AlreadyExistsError(absl::StrCat(
      "request_id: ", Quoted(request_id), " was used for another request; it made jobs/", job));
}

absl::Status CheckRoom(soci::session& sql, const std::string& tenant, const QueueLimits& limits) {
  int64_t own = 0;
  int64_t all = 0;
  sql << Sql("select count(*) from jobs where state in ({live})"), soci::into(all);
  sql << Sql("select count(*) from jobs where state in ({live}) and tenant = :t"),
      soci::use(tenant), soci::into(own);
  if (own < limits.live_jobs_per_tenant && all < limits.live_jobs) return absl::OkStatus();
  const bool tenants = own >= limits.live_jobs_per_tenant;
  return WithRetryAfter(
      WithReason(absl::ResourceExhaustedError(absl::StrCat(
                     "queue: ", tenants ? own : all, " jobs are live",
                     tenants ? " for this tenant" : "", ", the most that are taken; try again")),
                 "QUEUE_FULL"),
      kRetryFullQueue);
}

// Two trainings that are under way must not find out at their end that one concept cannot have two
// tokens.
absl::Status CheckSameToken(soci::session& sql, const std::string& tenant,
                            const v1::TrainingSpec& spec) {
  std::string id;
  std::string token;
  sql << Sql(
      "select id, token from jobs where state in ({may_succeed}) and tenant = :t"
      " and concept = :c and token <> :token limit 1"),
      soci::use(tenant), soci::use(spec.concept_name()), soci::use(spec.token()), soci::into(id),
      soci::into(token);
  if (!sql.got_data()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("spec.token: got ", Quoted(spec.token()), "; jobs/", id, " teaches ",
                   spec.concept_name(), " as ", Quoted(token), ": use that, or another concept"));
}

// 0 for no limit.
int64_t Until(int64_t from_us, const google::protobuf::Duration& timeout) {
  const int64_t micros = TimeUtil::DurationToMicroseconds(timeout);
  return micros > 0 ? from_us + micros : 0;
}

bool HasLabels(const v1::Job& job, const std::map<std::string, std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto found = job.labels().find(label.first);
    return found != job.labels().end() && found->second == label.second;
  });
}

// Some of a job's events, which may be a million. Says whether that was all.
bool ForgetEvents(soci::session& sql, const std::string& id) {
  soci::statement gone = (sql.prepare << "delete from events where job = :id and number in (select"
                                         " number from events where job = :id limit :most)",
                          soci::use(id, "id"), soci::use(kEventsForgottenAtOnce, "most"));
  gone.execute(true);
  return gone.get_affected_rows() < kEventsForgottenAtOnce;
}

// The rest of it.
void Forget(soci::session& sql, const std::string& id) {
  for (const char* table : {"chunks", "checkpoints", "results", "request_ids"}) {
    sql << absl::StrCat("delete from ", table, " where job = :id"), soci::use(id);
  }
  sql << "delete from jobs where id = :id", soci::use(id);
}

}  // namespace

absl::StatusOr<std::string> JobStore::FindRequest(const std::string& tenant,
                                                  const std::string& request_id,
                                                  const std::string& payload_sha256) {
  return database_.Read(
      [&](soci::session& sql) { return FindRequestIn(sql, tenant, request_id, payload_sha256); });
}

absl::StatusOr<v1::Job> JobStore::Create(const std::string& tenant, NewJob created) {
  const auto create = [&](soci::session& sql) -> absl::StatusOr<v1::Job> {
    if (!created.request_id.empty()) {
      ASSIGN_OR_RETURN(const std::string existing,
                       FindRequestIn(sql, tenant, created.request_id, created.payload_sha256));
      if (!existing.empty()) {
        ASSIGN_OR_RETURN(const JobRow row, LoadJob(sql, existing));
        return WithSpec(sql, row);
      }
    }
    RETURN_IF_ERROR(CheckRoom(sql, tenant, limits_));
    if (created.job.has_training()) {
      RETURN_IF_ERROR(CheckSameToken(sql, tenant, created.job.training()));
    }

    JobRow row;
    ASSIGN_OR_RETURN(row.id, ParseResourceId("name", created.job.name(), "jobs"));
    v1::Job spec;
    if (created.job.has_training()) {
      *spec.mutable_training() = created.job.training();
    } else {
      *spec.mutable_image_set() = created.job.image_set();
    }
    row.job = created.job;
    row.job.clear_spec();
    row.job.set_state(v1::JOB_STATE_PENDING);
    row.create_us = DatabaseNowMicros(sql);
    *row.job.mutable_create_time() = TimeUtil::MicrosecondsToTimestamp(row.create_us);
    const std::string kind = created.job.has_training() ? "training" : "image_set";
    const int state = v1::JOB_STATE_PENDING;
    const int priority = row.job.priority();
    const int slots = created.job.has_training() ? created.job.training().ranks() : 1;
    const int min_slots = created.job.has_training() ? created.job.training().min_ranks() : 1;
    // 0 marks a training. An image set's is a guess until a chunk is leased (leases.cc).
    row.chunk_items = created.job.has_training() ? 0 : kMostChunkItems;
    const int64_t items_total = row.job.items_total();
    ASSIGN_OR_RETURN(const std::string spec_json, ToJsonText(spec));
    ASSIGN_OR_RETURN(const std::string model_json, ToJsonText(created.model));
    // SaveJob writes it, once the first event has its number.
    const std::string placeholder = "{}";
    const v1::TrainingSpec& training = created.job.training();
    const std::string base_model =
        created.job.has_training() ? training.base_model() : created.job.image_set().base_model();
    std::string precision =
        created.job.has_training() ? training.precision() : created.job.image_set().precision();
    if (precision.empty()) precision = "fp32";
    const int batch_places = created.job.image_set().batch_places();
    const v1::JobTimeouts& timeouts = created.job.timeouts();
    const int64_t queue_until = Until(row.create_us, timeouts.queue());
    const int64_t total_until = Until(row.create_us, timeouts.total());
    const int64_t attempt_us = TimeUtil::DurationToMicroseconds(timeouts.attempt());
    sql << "insert into jobs (id, tenant, kind, state, priority, slots, min_slots, create_us, "
           "chunk_items,"
           " items_total, base_model, reference_set, concept, token, queue_until_us,"
           " total_until_us, attempt_us, fingerprint, precision, batch_places, item_work, trace_id,"
           " model, spec, job)"
           " values (:id, :tenant, :kind, :state, :priority, :slots, :min_slots, :create_us, "
           ":chunk_items,"
           " :items_total, :base_model, :reference_set, :concept, :token, :queue_until,"
           " :total_until, :attempt, :fingerprint, :precision, :places, :work, :trace, :model,"
           " :spec, :job)",
        soci::use(row.id), soci::use(tenant), soci::use(kind), soci::use(state),
        soci::use(priority), soci::use(slots), soci::use(min_slots), soci::use(row.create_us),
        soci::use(row.chunk_items), soci::use(items_total), soci::use(base_model),
        soci::use(training.reference_set()), soci::use(training.concept_name()),
        soci::use(training.token()), soci::use(queue_until), soci::use(total_until),
        soci::use(attempt_us), soci::use(created.model.fingerprint()), soci::use(precision),
        soci::use(batch_places), soci::use(created.item_work), soci::use(created.trace_id),
        soci::use(model_json), soci::use(spec_json), soci::use(placeholder);
    if (!created.request_id.empty()) {
      sql << "insert into request_ids (tenant, request_id, payload_sha256, job)"
             " values (:t, :r, :p, :j)",
          soci::use(tenant), soci::use(created.request_id), soci::use(created.payload_sha256),
          soci::use(row.id);
    }
    v1::JobEvent event;
    event.mutable_state_change()->set_to(v1::JOB_STATE_PENDING);
    event.mutable_state_change()->set_reason("created");
    RETURN_IF_ERROR(AddEvent(sql, row, std::move(event)));
    RETURN_IF_ERROR(SaveJob(sql, row));
    return WithSpec(sql, row);
  };
  ASSIGN_OR_RETURN(v1::Job job, database_.Write(create));
  bell_.Ring(job.name());
  return job;
}

absl::StatusOr<v1::Job> JobStore::Get(const std::string& tenant, const std::string& id) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::Job> {
    ASSIGN_OR_RETURN(const JobRow row, LoadOwn(sql, tenant, id));
    return WithSpec(sql, row);
  });
}

absl::StatusOr<v1::JobState> JobStore::State(const std::string& tenant, const std::string& id) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::JobState> {
    int state = 0;
    sql << "select state from jobs where tenant = :t and id = :id", soci::use(tenant),
        soci::use(id), soci::into(state);
    if (!sql.got_data()) return NoSuchJob(id);
    return static_cast<v1::JobState>(state);
  });
}

absl::StatusOr<std::vector<v1::Job>> JobStore::List(const std::string& tenant,
                                                    const JobFilter& filter, const Page& page,
                                                    std::string& next) {
  std::string where = "tenant = :tenant and (:after = '' or id < :after)";
  if (!filter.kind.empty()) absl::StrAppend(&where, " and kind = '", filter.kind, "'");
  std::vector<int> wanted;
  std::vector<int> unwanted;
  for (const auto& [state, want] : filter.states) (want ? wanted : unwanted).push_back(state);
  if (!wanted.empty()) absl::StrAppend(&where, " and state in (", absl::StrJoin(wanted, ","), ")");
  if (!unwanted.empty()) {
    absl::StrAppend(&where, " and state not in (", absl::StrJoin(unwanted, ","), ")");
  }
  next.clear();
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::Job>> {
    std::vector<v1::Job> jobs;
    std::string id;
    std::string json;
    const std::string query = absl::StrCat("select id, job from jobs where ", where,
                                           " order by id desc limit :looked_at");
    soci::statement statement =
        (sql.prepare << query, soci::use(tenant, "tenant"), soci::use(page.after, "after"),
         soci::use(kJobsLookedAt, "looked_at"), soci::into(id), soci::into(json));
    PageRoom room(page);
    statement.execute();
    int looked_at = 0;
    while (statement.fetch()) {
      v1::Job job;
      RETURN_IF_ERROR(FromJsonText(json, job));
      if (HasLabels(job, filter.labels)) {
        std::string spec;
        sql << "select spec from jobs where id = :id", soci::use(id), soci::into(spec);
        if (!room.Take(json.size() + spec.size())) break;
        RETURN_IF_ERROR(FromJsonText(spec, jobs.emplace_back()));
        jobs.back().MergeFrom(job);
      }
      next = id;
      if (++looked_at == kJobsLookedAt) return jobs;
    }
    // The last row was the last of all.
    if (!statement.got_data()) next.clear();
    return jobs;
  });
}

absl::StatusOr<std::vector<v1::JobEvent>> JobStore::Events(const std::string& id, int64_t from,
                                                           int limit) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::JobEvent>> {
    std::vector<v1::JobEvent> events;
    std::string body;
    soci::statement statement =
        (sql.prepare << "select body from events where job = :job and number >= :from"
                        " order by number limit :limit",
         soci::use(id, "job"), soci::use(from, "from"), soci::use(limit, "limit"),
         soci::into(body));
    statement.execute();
    while (statement.fetch()) {
      RETURN_IF_ERROR(FromJsonText(body, events.emplace_back()));
    }
    return events;
  });
}

absl::StatusOr<std::vector<std::string>> JobStore::Attempts(const std::string& id) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<std::string>> {
    std::vector<std::string> lines;
    std::string body;
    soci::statement statement =
        (sql.prepare << "select body from events where job = :job and kind = 'attempt'"
                        " order by number desc limit 100",
         soci::use(id, "job"), soci::into(body));
    statement.execute();
    while (statement.fetch()) {
      v1::JobEvent event;
      RETURN_IF_ERROR(FromJsonText(body, event));
      const std::string state =
          EnumText(v1::AttemptState_Name(event.attempt_change().state()), "ATTEMPT_STATE_");
      const std::string& reason = event.attempt_change().reason();
      const auto& nodes = event.attempt_change().nodes();
      lines.push_back(absl::StrCat("attempt ", event.attempt(), " on ",
                                   nodes.empty() ? event.node() : absl::StrJoin(nodes, ", "), ": ",
                                   state, reason.empty() ? "" : ", ", reason));
    }
    std::reverse(lines.begin(), lines.end());
    return lines;
  });
}

absl::StatusOr<std::string> JobStore::CancelReason(const std::string& id) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::string> {
    std::string body;
    sql << "select body from events where job = :job and kind = 'state'"
           " and body like '%\"to\":\"JOB_STATE_CANCELLING\"%' order by number desc limit 1",
        soci::use(id, "job"), soci::into(body);
    if (!sql.got_data()) return "";
    ASSIGN_OR_RETURN(const auto event, FromJsonText<v1::JobEvent>(body));
    return event.state_change().reason();
  });
}

absl::StatusOr<v1::Job> JobStore::Cancel(const std::string& tenant, const std::string& id,
                                         absl::string_view reason) {
  const auto cancel = [&](soci::session& sql) -> absl::StatusOr<v1::Job> {
    ASSIGN_OR_RETURN(JobRow row, LoadOwn(sql, tenant, id));
    if (!IsTerminal(row.job.state())) {
      const std::string why = reason.empty() ? "asked to stop" : std::string(reason);
      RETURN_IF_ERROR(Occur(sql, row, JobOccurrence::kCancelAsked, why));
      RETURN_IF_ERROR(SaveJob(sql, row));
    }
    return WithSpec(sql, row);
  };
  ASSIGN_OR_RETURN(v1::Job job, database_.Write(cancel));
  bell_.Ring(job.name());
  return job;
}

absl::StatusOr<v1::Job> JobStore::Change(const std::string& tenant, const std::string& id,
                                         const Update& update) {
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::Job> {
    ASSIGN_OR_RETURN(JobRow row, LoadOwn(sql, tenant, id));
    RETURN_IF_ERROR(CheckEtag(row, update.etag));
    if (update.labels != nullptr) {
      row.job.mutable_labels()->clear();
      for (const auto& [key, value] : *update.labels) (*row.job.mutable_labels())[key] = value;
    }
    if (update.priority != v1::JOB_PRIORITY_UNSPECIFIED) row.job.set_priority(update.priority);
    RETURN_IF_ERROR(SaveJob(sql, row));
    return WithSpec(sql, row);
  });
}

absl::Status JobStore::Delete(const std::string& tenant, const std::string& id,
                              const std::string& etag) {
  const auto go_on = [&](soci::session& sql) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const JobRow row, LoadOwn(sql, tenant, id));
    RETURN_IF_ERROR(CheckEtag(row, etag));
    if (!IsTerminal(row.job.state()) || row.needs_cleanup != 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("name: jobs/", id, " is ", Name(row.job.state()),
                       "; only a job that has ended can be deleted: cancel it first"));
    }
    const bool last = ForgetEvents(sql, id);
    if (last) Forget(sql, id);
    return last;
  };
  bool done = false;
  while (!done) {
    ASSIGN_OR_RETURN(done, database_.Write(go_on));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> JobStore::ForgetOldest(absl::Duration age) {
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<bool> {
    const int64_t before = DatabaseNowMicros(sql) - absl::ToInt64Microseconds(age);
    std::string id;
    sql << "select id from jobs where end_us > 0 and end_us < :before and needs_cleanup = 0"
           " order by end_us limit 1",
        soci::use(before), soci::into(id);
    const bool forgot = sql.got_data();
    if (forgot && ForgetEvents(sql, id)) Forget(sql, id);
    return forgot;
  });
}

absl::Status JobStore::CheckUnused(const std::string& tenant, const std::string& resource) {
  return database_.Read([&](soci::session& sql) -> absl::Status {
    std::string id;
    int state = 0;
    sql << Sql(
        "select id, state from jobs where tenant = :t and state in ({live})"
        " and (base_model = :r or reference_set = :r) limit 1"),
        soci::use(tenant, "t"), soci::use(resource, "r"), soci::into(id), soci::into(state);
    if (!sql.got_data()) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "name: ", resource, " is used by jobs/", id, ", which is ",
        Name(static_cast<v1::JobState>(state)), "; wait for that job, or cancel it first"));
  });
}

absl::StatusOr<std::map<v1::JobState, int64_t>> JobStore::CountByState() {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::map<v1::JobState, int64_t>> {
    std::map<v1::JobState, int64_t> counts;
    int state = 0;
    int64_t count = 0;
    soci::statement statement = (sql.prepare << "select state, count(*) from jobs group by state",
                                 soci::into(state), soci::into(count));
    statement.execute();
    while (statement.fetch()) counts[static_cast<v1::JobState>(state)] = count;
    return counts;
  });
}

}  // namespace imprint::gateway
