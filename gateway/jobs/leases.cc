#include "gateway/jobs/leases.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/status_macros.h"
#include "gateway/jobs/chunk_row.h"
#include "gateway/jobs/held_run.h"
#include "gateway/jobs/job_id.h"
#include "gateway/jobs/job_row.h"
#include "gateway/jobs/seats.h"
#include "gateway/jobs/state_sql.h"
#include "rpc/proto_json.h"

namespace imprint::gateway {
namespace {

// The chunk that is given next: one that was given back, else a fresh one of so many pictures.
absl::StatusOr<int64_t> TakeChunk(soci::session& sql, int64_t most_items, JobRow& job,
                                  ChunkRow& chunk) {
  int64_t number = -1;
  sql << Sql(
      "select chunk from chunks where job = :job and state = {chunk_waiting}"
      " order by chunk limit 1"),
      soci::use(job.id), soci::into(number);
  if (sql.got_data()) {
    chunk = *LoadChunk(sql, job.id, number);
    return number;
  }
  if (FreshChunks(job) == 0) {
    return absl::FailedPreconditionError(absl::StrCat(job.name(), " has no chunk to give"));
  }
  chunk.first_item = job.next_item;
  // A training: one chunk, of no items. next_item only says whether it was ever given.
  if (job.chunk_items == 0) {
    number = 0;
    job.next_item = 1;
  } else {
    sql << "select coalesce(max(chunk), -1) + 1 from chunks where job = :job", soci::use(job.id),
        soci::into(number);
    // What is left will be given in chunks of that size, as far as is known.
    job.chunk_items = std::clamp<int64_t>(most_items, 1, kMostChunkItems);
    chunk.item_count = std::min(job.chunk_items, job.items_total - job.next_item);
    job.next_item += chunk.item_count;
  }
  sql << Sql(
      "insert into chunks (job, chunk, first_item, item_count, state)"
      " values (:job, :chunk, :first, :count, {chunk_waiting})"),
      soci::use(job.id), soci::use(number), soci::use(chunk.first_item),
      soci::use(chunk.item_count);
  return number;
}

// Leaves a job as it is that says what it computes with.
absl::Status FixComputation(soci::session& sql, const std::string& job, const LeaseTerms& terms) {
  std::string precision;
  std::string kind;
  int places = 0;
  sql << "select precision, batch_places, kind from jobs where id = :id", soci::use(job),
      soci::into(precision), soci::into(places), soci::into(kind);
  const bool known = precision != "auto";
  const bool has_places = places > 0 || terms.batch_places == 0 || kind == "training";
  if (known && has_places) return absl::OkStatus();
  if (!known) precision = terms.precision;
  if (!has_places) places = terms.batch_places;
  sql << "update jobs set precision = :precision, batch_places = :places where id = :id",
      soci::use(precision), soci::use(places), soci::use(job);
  return ChangeSpec(sql, job, [&](v1::Job& spec) {
    if (spec.has_training()) {
      spec.mutable_training()->set_precision(precision);
    } else {
      spec.mutable_image_set()->set_precision(precision);
      spec.mutable_image_set()->set_batch_places(places);
    }
    return true;
  });
}

absl::StatusOr<RunLease> MakeLease(soci::session& sql, const JobRow& job, int64_t number,
                                   const ChunkRow& chunk) {
  RunLease lease;
  lease.key.set_job(job.name());
  lease.key.set_chunk(number);
  lease.key.set_attempt(chunk.attempt);
  lease.tenant = job.tenant;
  lease.nodes = chunk.nodes;
  lease.first_item = chunk.first_item;
  lease.item_count = chunk.item_count;
  lease.item_work = job.item_work;
  lease.done_bits = static_cast<uint64_t>(chunk.done_bits);
  lease.faults = chunk.faults;
  ASSIGN_OR_RETURN(lease.job, WithSpec(sql, job));
  std::string model;
  sql << "select model, trace_id from jobs where id = :id", soci::use(job.id), soci::into(model),
      soci::into(lease.trace_id);
  RETURN_IF_ERROR(FromJsonText(model, lease.model));
  std::string state;
  sql << "select step, state from checkpoints where job = :id", soci::use(job.id),
      soci::into(lease.checkpoint_step), soci::into(state);
  if (sql.got_data()) lease.checkpoint = absl::HexStringToBytes(state);
  return lease;
}

RunEnd EndOfLost(const std::string& node) {
  return {.state = v1::ATTEMPT_STATE_LOST,
          .reason = absl::StrCat("node ", node, " was not heard of in time")};
}

RunEnd EndOfLate(int64_t limit_us) {
  return {.state = v1::ATTEMPT_STATE_FAILED,
          .reason = absl::StrCat("it took longer than timeouts.attempt, ",
                                 absl::FormatDuration(absl::Microseconds(limit_us)), ", allows")};
}

}  // namespace

absl::StatusOr<RunLease> Leases::Lease(const std::string& job,
                                       const std::vector<std::string>& nodes, absl::Duration ttl,
                                       const LeaseTerms& terms) {
  const auto give = [&](soci::session& sql) -> absl::StatusOr<RunLease> {
    ASSIGN_OR_RETURN(JobRow row, LoadJob(sql, job));
    // Before anything is written: it may have been cancelled since the scheduler looked.
    RETURN_IF_ERROR(NextState(row.job.state(), JobOccurrence::kRunStarted).status());
    ChunkRow chunk;
    ASSIGN_OR_RETURN(const int64_t number, TakeChunk(sql, terms.most_items, row, chunk));
    chunk.state = kChunkRunning;
    chunk.nodes = nodes;
    // From here on no earlier attempt can write: Hold (held_run.h) looks at this number.
    ++chunk.attempt;
    chunk.start_us = DatabaseNowMicros(sql);
    SaveChunk(sql, row.id, number, chunk);
    RETURN_IF_ERROR(FixComputation(sql, row.id, terms));
    TakeSeats(sql, row.id, number, nodes, chunk.start_us + absl::ToInt64Microseconds(ttl));
    row.job.set_attempts(row.job.attempts() + 1);
    RETURN_IF_ERROR(Occur(sql, row, JobOccurrence::kRunStarted,
                          absl::StrCat("given to ", absl::StrJoin(nodes, ", "))));
    ASSIGN_OR_RETURN(RunLease lease, MakeLease(sql, row, number, chunk));
    v1::JobEvent event = AttemptEvent(lease.key, chunk, v1::ATTEMPT_STATE_STARTED, "");
    v1::JobEvent::AttemptChange& change = *event.mutable_attempt_change();
    change.mutable_nodes()->Assign(nodes.begin(), nodes.end());
    change.set_resumes_from_step(lease.checkpoint_step);
    RETURN_IF_ERROR(AddEvent(sql, row, std::move(event)));
    RETURN_IF_ERROR(SaveJob(sql, row));
    return lease;
  };
  ASSIGN_OR_RETURN(RunLease lease, database_.Write(give));
  bell_.Ring(lease.key.job());
  return lease;
}

absl::StatusOr<RunLease> Leases::Reload(const v1::RunKey& run) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<RunLease> {
    ASSIGN_OR_RETURN(const HeldRun held, Hold(sql, run));
    return MakeLease(sql, held.job, run.chunk(), held.chunk);
  });
}

absl::StatusOr<std::vector<CurrentRun>> Leases::Current() {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<CurrentRun>> {
    std::vector<CurrentRun> runs;
    std::string job;
    int64_t chunk = 0;
    int attempt = 0;
    int rank = 0;
    int state = 0;
    CurrentRun run;
    soci::statement statement =
        (sql.prepare << Sql(
             "select c.job, c.chunk, c.attempt, s.rank, s.node, c.start_us, j.tenant,"
             " j.kind, j.priority, j.fingerprint, j.precision, j.state from chunks c join jobs j "
             "on j.id = c.job"
             " join seats s on s.job = c.job and s.chunk = c.chunk"
             " where c.state = {chunk_running} order by c.job, c.chunk, s.rank"),
         soci::into(job), soci::into(chunk), soci::into(attempt), soci::into(rank),
         soci::into(run.node), soci::into(run.start_us), soci::into(run.tenant),
         soci::into(run.kind), soci::into(run.priority), soci::into(run.fingerprint),
         soci::into(run.precision), soci::into(state));
    statement.execute();
    while (statement.fetch()) {
      run.key.set_job(absl::StrCat("jobs/", job));
      run.key.set_chunk(chunk);
      run.key.set_attempt(attempt);
      run.key.set_rank(rank);
      // The job was cancelled or has failed while the chunk runs: whoever runs it is to be stopped.
      run.cancelling = state != v1::JOB_STATE_RUNNING;
      runs.push_back(run);
    }
    return runs;
  });
}

absl::Status Leases::Renew(const std::vector<v1::RunKey>& runs, absl::Duration ttl) {
  if (runs.empty()) return absl::OkStatus();
  return database_.Write([&](soci::session& sql) -> absl::Status {
    const int64_t lease = DatabaseNowMicros(sql) + absl::ToInt64Microseconds(ttl);
    // In one transaction, since each waits for the disk (storage/database.h).
    for (const v1::RunKey& run : runs) {
      ASSIGN_OR_RETURN(const std::string id, ParseJobId(run));
      RenewSeat(sql, id, run, lease);
    }
    return absl::OkStatus();
  });
}

absl::Status Leases::RenewAll(absl::Duration ttl) {
  return database_.Write([&](soci::session& sql) -> absl::Status {
    RenewSeats(sql, DatabaseNowMicros(sql) + absl::ToInt64Microseconds(ttl));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<ExpiredRun>> Leases::ExpiredRuns() {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<ExpiredRun>> {
    std::vector<ExpiredRun> expired;
    const int64_t now = DatabaseNowMicros(sql);
    std::string job;
    int64_t chunk = 0;
    int attempt = 0;
    int64_t limit_us = 0;
    int late = 0;
    CurrentRun run;
    // A gang comes once for each seat that is lost: the first gives it back, and at the others it
    // is superseded already.
    soci::statement statement =
        (sql.prepare << Sql("select c.job, c.chunk, c.attempt, s.node, j.attempt_us,"
                            " case when s.lease_us < :now then 0 else 1 end"
                            " from chunks c join jobs j on j.id = c.job"
                            " join seats s on s.job = c.job and s.chunk = c.chunk"
                            " where c.state = {chunk_running} and j.state = {job_running}"
                            " and (s.lease_us < :now"
                            " or (j.attempt_us > 0 and c.start_us + j.attempt_us < :now))"),
         soci::use(now, "now"), soci::into(job), soci::into(chunk), soci::into(attempt),
         soci::into(run.node), soci::into(limit_us), soci::into(late));
    statement.execute();
    while (statement.fetch()) {
      run.key.set_job(absl::StrCat("jobs/", job));
      run.key.set_chunk(chunk);
      run.key.set_attempt(attempt);
      expired.push_back({run, late != 0 ? EndOfLate(limit_us) : EndOfLost(run.node)});
    }
    return expired;
  });
}

}  // namespace imprint::gateway
