#include "gateway/jobs/run_store.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/status_macros.h"
#include "gateway/jobs/job_row.h"
#include "gateway/jobs/seats.h"
#include "rpc/proto_json.h"
#include "rpc/resource_name.h"
#include "rpc/status.h"

namespace imprint::gateway {
namespace {

enum ChunkState { kWaiting = 0, kRunning = 1, kDone = 2 };

constexpr double kUsageHalfLifeSeconds = 3600;

struct ChunkRow {
  int64_t first_item = 0;
  int64_t item_count = 0;
  int64_t done_bits = 0;
  int state = kWaiting;
  int faults = 0;  // since its last progress
  int attempt = 0;
  int64_t start_us = 0;
  std::vector<std::string> nodes;  // of a running one, by rank
};

absl::StatusOr<std::string> JobId(const v1::RunKey& run) {
  return ParseResourceId("run.job", run.job(), "jobs");
}

std::optional<ChunkRow> LoadChunk(soci::session& sql, const std::string& job, int64_t chunk) {
  ChunkRow row;
  sql << "select first_item, item_count, done_bits, state, faults, attempt, start_us"
         " from chunks where job = :job and chunk = :chunk",
      soci::use(job), soci::use(chunk), soci::into(row.first_item), soci::into(row.item_count),
      soci::into(row.done_bits), soci::into(row.state), soci::into(row.faults),
      soci::into(row.attempt), soci::into(row.start_us);
  if (!sql.got_data()) return std::nullopt;
  if (row.state == kRunning) row.nodes = NodesOf(sql, job, chunk);
  return row;
}

// One that no longer runs leaves its seats.
void SaveChunk(soci::session& sql, const std::string& job, int64_t chunk, const ChunkRow& row) {
  sql << "update chunks set done_bits = :bits, state = :state, faults = :faults,"
         " attempt = :attempt, start_us = :start where job = :job and chunk = :chunk",
      soci::use(row.done_bits), soci::use(row.state), soci::use(row.faults), soci::use(row.attempt),
      soci::use(row.start_us), soci::use(job), soci::use(chunk);
  if (row.state != kRunning) LeaveSeats(sql, job, chunk);
}

absl::Status Superseded(const v1::RunKey& run) {
  return WithReason(absl::AbortedError(absl::StrCat("attempt ", run.attempt(), " at ", run.job(),
                                                    " chunk ", run.chunk(), " is superseded")),
                    "SUPERSEDED");
}

// A current run, loaded under the transaction that will change it.
struct Held {
  JobRow job;
  ChunkRow chunk;
};

absl::StatusOr<Held> Hold(soci::session& sql, const v1::RunKey& run) {
  ASSIGN_OR_RETURN(const std::string id, JobId(run));
  auto job = LoadJob(sql, id);
  if (absl::IsNotFound(job.status())) return Superseded(run);
  if (!job.ok()) return job.status();
  const auto chunk = LoadChunk(sql, id, run.chunk());
  if (!chunk || chunk->state != kRunning || chunk->attempt != run.attempt() ||
      job->job.state() != v1::JOB_STATE_RUNNING) {
    return Superseded(run);
  }
  return Held{*std::move(job), *chunk};
}

v1::JobEvent EventOf(const v1::RunKey& run, const ChunkRow& chunk) {
  v1::JobEvent event;
  event.set_attempt(run.attempt());
  event.set_chunk(run.chunk());
  if (!chunk.nodes.empty()) event.set_node(chunk.nodes.front());
  return event;
}

v1::JobEvent AttemptEvent(const v1::RunKey& run, const ChunkRow& chunk, v1::AttemptState state,
                          absl::string_view reason) {
  v1::JobEvent event = EventOf(run, chunk);
  event.mutable_attempt_change()->set_state(state);
  event.mutable_attempt_change()->set_reason(std::string(reason));
  return event;
}

int64_t CountChunks(soci::session& sql, const std::string& job, int state) {
  int64_t count = 0;
  sql << "select count(*) from chunks where job = :job and state = :state", soci::use(job),
      soci::use(state), soci::into(count);
  return count;
}

// Chunks that were never given to anybody yet.
int64_t FreshChunks(const JobRow& job) {
  if (job.chunk_items == 0) return job.next_item == 0 ? 1 : 0;
  return (job.items_total - job.next_item + job.chunk_items - 1) / job.chunk_items;
}

// What an attempt on so many devices took of them.
absl::Status AddUsage(soci::session& sql, const std::string& tenant, int64_t start_us,
                      int64_t seats) {
  const int64_t now = DatabaseNowMicros(sql);
  double used = 0;
  int64_t updated = now;
  sql << "select device_seconds, update_us from tenant_usage where tenant = :t", soci::use(tenant),
      soci::into(used), soci::into(updated);
  const double age = static_cast<double>(now - updated) / 1e6;
  used = used * std::exp2(-age / kUsageHalfLifeSeconds) +
         static_cast<double>(std::max<int64_t>(now - start_us, 0) * seats) / 1e6;
  sql << "insert into tenant_usage (tenant, device_seconds, update_us) values (:t, :d, :u)"
         " on conflict (tenant) do update set device_seconds = excluded.device_seconds,"
         " update_us = excluded.update_us",
      soci::use(tenant), soci::use(used), soci::use(now);
  return absl::OkStatus();
}

// The chunk that is given next: one that was given back, else a fresh one of so many pictures.
absl::StatusOr<int64_t> TakeChunk(soci::session& sql, int64_t most_items, JobRow& job,
                                  ChunkRow& chunk) {
  int64_t number = -1;
  sql << "select chunk from chunks where job = :job and state = 0 order by chunk limit 1",
      soci::use(job.id), soci::into(number);
  if (sql.got_data()) {
    chunk = *LoadChunk(sql, job.id, number);
    return number;
  }
  if (FreshChunks(job) == 0) {
    return absl::FailedPreconditionError(absl::StrCat(job.name(), " has no chunk to give"));
  }
  chunk.first_item = job.next_item;
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
  sql << "insert into chunks (job, chunk, first_item, item_count, state)"
         " values (:job, :chunk, :first, :count, 0)",
      soci::use(job.id), soci::use(number), soci::use(chunk.first_item),
      soci::use(chunk.item_count);
  return number;
}

absl::Status AddUsage(soci::session& sql, const std::string& tenant, const ChunkRow& chunk) {
  return AddUsage(sql, tenant, chunk.start_us, std::ssize(chunk.nodes));
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
  lease.done_bits = static_cast<uint64_t>(chunk.done_bits);
  std::string spec;
  std::string model;
  sql << "select spec, model, trace_id from jobs where id = :id", soci::use(job.id),
      soci::into(spec), soci::into(model), soci::into(lease.trace_id);
  RETURN_IF_ERROR(FromJsonText(spec, lease.job));
  lease.job.MergeFrom(job.job);
  RETURN_IF_ERROR(FromJsonText(model, lease.model));
  std::string state;
  sql << "select step, state from checkpoints where job = :id", soci::use(job.id),
      soci::into(lease.checkpoint_step), soci::into(state);
  if (sql.got_data()) lease.checkpoint = absl::HexStringToBytes(state);
  return lease;
}

// Chunks of the job `j` that wait: those that were given back, and those that were never given.
constexpr const char* kWaitingChunks =
    "((select count(*) from chunks c where c.job = j.id and c.state = 0)"
    " + case when j.chunk_items > 0"
    " then (j.items_total - j.next_item + j.chunk_items - 1) / j.chunk_items"
    " when j.next_item = 0 then 1 else 0 end)";

// A tenant's jobs of one kind and precision: those that no node computes in must not stand before
// others.
struct Line {
  std::string tenant;
  std::string kind;
  std::string precision;
};

std::vector<Line> Lines(soci::session& sql) {
  std::vector<Line> lines;
  Line line;
  soci::statement statement =
      (sql.prepare << "select distinct tenant, kind, precision from jobs where state in (1, 2)",
       soci::into(line.tenant), soci::into(line.kind), soci::into(line.precision));
  statement.execute();
  while (statement.fetch()) lines.push_back(line);
  return lines;
}

// Says whether those were all.
bool AddMostUrgent(soci::session& sql, const Line& line, int most, std::vector<WaitingJob>& jobs) {
  const int64_t now = DatabaseNowMicros(sql);
  const int limit = most + 1;
  WaitingJob job = {.tenant = line.tenant, .kind = line.kind, .precision = line.precision};
  soci::statement statement =
      (sql.prepare << absl::StrCat(
           "select j.id, j.priority, j.slots, j.min_slots, j.create_us, j.fingerprint, "
           "j.item_work, ",
           kWaitingChunks,
           " from jobs j where tenant = :tenant and kind = :kind and precision = :precision"
           " and state in (1, 2) and not_before_us <= :now and ",
           kWaitingChunks, " > 0 order by priority desc, create_us limit :limit"),
       soci::use(line.tenant, "tenant"), soci::use(line.kind, "kind"),
       soci::use(line.precision, "precision"), soci::use(now, "now"), soci::use(limit, "limit"),
       soci::into(job.id), soci::into(job.priority), soci::into(job.slots),
       soci::into(job.min_slots), soci::into(job.create_us), soci::into(job.fingerprint),
       soci::into(job.item_work), soci::into(job.chunks));
  statement.execute();
  for (int count = 0; statement.fetch(); ++count) {
    if (count == most) return false;
    jobs.push_back(job);
  }
  return true;
}

// All chunks are done: on to the registry.
absl::Status CompleteIfLast(soci::session& sql, JobRow& job) {
  if (CountChunks(sql, job.id, kDone) == 0 || CountChunks(sql, job.id, kWaiting) > 0 ||
      CountChunks(sql, job.id, kRunning) > 0 || FreshChunks(job) > 0) {
    return absl::OkStatus();
  }
  return Occur(sql, job, JobOccurrence::kComputed, "computed; the registry takes it over");
}

// An ended job's chunks are of no use any more; what runs of them is charged.
absl::Status DropChunks(soci::session& sql, const JobRow& job) {
  std::vector<int64_t> starts;
  int64_t start_us = 0;
  soci::statement running =
      (sql.prepare << "select c.start_us from seats s"
                      " join chunks c on c.job = s.job and c.chunk = s.chunk where s.job = :job",
       soci::use(job.id), soci::into(start_us));
  running.execute();
  while (running.fetch()) starts.push_back(start_us);
  for (const int64_t start : starts) RETURN_IF_ERROR(AddUsage(sql, job.tenant, start, 1));
  LeaveSeats(sql, job.id);
  for (const char* table : {"chunks", "results", "checkpoints"}) {
    sql << absl::StrCat("delete from ", table, " where job = :job"), soci::use(job.id);
  }
  return absl::OkStatus();
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

// A job that has begun no longer waits in the queue, even while it is PENDING again.
constexpr const char* kWaitedTooLong =
    "(queue_until_us > 0 and queue_until_us < :now and begun = 0)";

// Jobs that waited, or took, longer than they allow; as the index jobs_to_expire has it.
std::string Expired() {
  return absl::StrCat(
      "state in (1, 2) and (queue_until_us > 0 or total_until_us > 0)"
      " and ((total_until_us > 0 and total_until_us < :now) or ",
      kWaitedTooLong, ")");
}

absl::Status Fail(soci::session& sql, JobRow& job, const v1::Failure& failure) {
  *job.job.mutable_failure() = failure;
  job.needs_cleanup = 1;
  return Occur(sql, job, JobOccurrence::kFailed, failure.message());
}

}  // namespace

absl::StatusOr<WaitingJobs> RunStore::Waiting(int limit) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<WaitingJobs> {
    WaitingJobs waiting;
    const std::vector<Line> lines = Lines(sql);
    if (lines.empty()) return waiting;
    const int share = std::max(1, limit / static_cast<int>(lines.size()));
    for (const Line& line : lines) {
      if (!AddMostUrgent(sql, line, share, waiting.jobs)) waiting.cut_off = true;
    }
    return waiting;
  });
}

absl::StatusOr<bool> RunStore::AnyWaiting(int priority) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<bool> {
    int64_t waiting = 0;
    const int64_t now = DatabaseNowMicros(sql);
    sql << absl::StrCat(
        "select count(*) from (select 1 from jobs j where state in (1, 2) and priority >= :p"
        " and not_before_us <= :now and ",
        kWaitingChunks, " > 0 limit 1) some"),
        soci::use(priority, "p"), soci::use(now, "now"), soci::into(waiting);
    return waiting > 0;
  });
}

absl::StatusOr<std::map<std::string, QueueLength>> RunStore::Queue() {
  return database_.Read(
      [&](soci::session& sql) -> absl::StatusOr<std::map<std::string, QueueLength>> {
        std::map<std::string, QueueLength> queue;
        const int64_t now = DatabaseNowMicros(sql);
        std::string kind;
        int64_t chunks = 0;
        int64_t oldest = 0;
        soci::statement statement =
            (sql.prepare << absl::StrCat(
                 "select kind, sum(waiting), min(create_us) from (select j.kind,"
                 " j.create_us, ",
                 kWaitingChunks,
                 " as waiting from jobs j where state in (1, 2)) jobs"
                 " where waiting > 0 group by kind"),
             soci::into(kind), soci::into(chunks), soci::into(oldest));
        statement.execute();
        while (statement.fetch()) queue[kind] = {.chunks = chunks, .oldest_us = now - oldest};
        return queue;
      });
}

absl::StatusOr<RunLease> RunStore::Lease(const std::string& job,
                                         const std::vector<std::string>& nodes, absl::Duration ttl,
                                         int64_t most_items) {
  const auto give = [&](soci::session& sql) -> absl::StatusOr<RunLease> {
    ASSIGN_OR_RETURN(JobRow row, LoadJob(sql, job));
    RETURN_IF_ERROR(NextState(row.job.state(), JobOccurrence::kRunStarted).status());
    ChunkRow chunk;
    ASSIGN_OR_RETURN(const int64_t number, TakeChunk(sql, most_items, row, chunk));
    chunk.state = kRunning;
    chunk.nodes = nodes;
    ++chunk.attempt;
    chunk.start_us = DatabaseNowMicros(sql);
    SaveChunk(sql, row.id, number, chunk);
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

absl::StatusOr<RunLease> RunStore::Reload(const v1::RunKey& run) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<RunLease> {
    ASSIGN_OR_RETURN(const Held held, Hold(sql, run));
    return MakeLease(sql, held.job, run.chunk(), held.chunk);
  });
}

absl::StatusOr<std::vector<CurrentRun>> RunStore::Current() {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<CurrentRun>> {
    std::vector<CurrentRun> runs;
    std::string job;
    int64_t chunk = 0;
    int attempt = 0;
    int rank = 0;
    int state = 0;
    CurrentRun run;
    soci::statement statement =
        (sql.prepare << "select c.job, c.chunk, c.attempt, s.rank, s.node, c.start_us, j.tenant,"
                        " j.kind, j.priority, j.state from chunks c join jobs j on j.id = c.job"
                        " join seats s on s.job = c.job and s.chunk = c.chunk where c.state = 1"
                        " order by c.job, c.chunk, s.rank",
         soci::into(job), soci::into(chunk), soci::into(attempt), soci::into(rank),
         soci::into(run.node), soci::into(run.start_us), soci::into(run.tenant),
         soci::into(run.kind), soci::into(run.priority), soci::into(state));
    statement.execute();
    while (statement.fetch()) {
      run.key.set_job(absl::StrCat("jobs/", job));
      run.key.set_chunk(chunk);
      run.key.set_attempt(attempt);
      run.key.set_rank(rank);
      run.cancelling = state != v1::JOB_STATE_RUNNING;
      runs.push_back(run);
    }
    return runs;
  });
}

absl::Status RunStore::Renew(const std::vector<v1::RunKey>& runs, absl::Duration ttl) {
  if (runs.empty()) return absl::OkStatus();
  return database_.Write([&](soci::session& sql) -> absl::Status {
    const int64_t lease = DatabaseNowMicros(sql) + absl::ToInt64Microseconds(ttl);
    for (const v1::RunKey& run : runs) {
      ASSIGN_OR_RETURN(const std::string id, JobId(run));
      RenewSeat(sql, id, run, lease);
    }
    return absl::OkStatus();
  });
}

absl::Status RunStore::RenewAll(absl::Duration ttl) {
  return database_.Write([&](soci::session& sql) -> absl::Status {
    RenewSeats(sql, DatabaseNowMicros(sql) + absl::ToInt64Microseconds(ttl));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<ExpiredRun>> RunStore::ExpiredRuns() {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<ExpiredRun>> {
    std::vector<ExpiredRun> expired;
    const int64_t now = DatabaseNowMicros(sql);
    std::string job;
    int64_t chunk = 0;
    int attempt = 0;
    int64_t limit_us = 0;
    int late = 0;
    CurrentRun run;
    soci::statement statement =
        (sql.prepare << "select c.job, c.chunk, c.attempt, s.node, j.attempt_us,"
                        " case when s.lease_us < :now then 0 else 1 end"
                        " from chunks c join jobs j on j.id = c.job"
                        " join seats s on s.job = c.job and s.chunk = c.chunk"
                        " where c.state = 1 and j.state = 2 and (s.lease_us < :now"
                        " or (j.attempt_us > 0 and c.start_us + j.attempt_us < :now))",
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

absl::StatusOr<std::vector<std::string>> RunStore::ExpiredJobs() {
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

absl::Status RunStore::ExpireJob(const std::string& id) {
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

absl::Status RunStore::RecordStart(const v1::RunKey& run, const v1::RunStarted& started) {
  return database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(Held held, Hold(sql, run));
    sql << "update jobs set begun = 1 where id = :id and begun = 0", soci::use(held.job.id);
    // Bit-equal results need every attempt to compute with as many threads as the first.
    std::string text;
    sql << "select spec from jobs where id = :id", soci::use(held.job.id), soci::into(text);
    v1::Job spec;
    RETURN_IF_ERROR(FromJsonText(text, spec));
    if (!spec.has_training() || spec.training().compute_threads() != 0) return absl::OkStatus();
    spec.mutable_training()->set_compute_threads(started.compute_threads());
    ASSIGN_OR_RETURN(text, ToJsonText(spec));
    sql << "update jobs set spec = :spec where id = :id", soci::use(text), soci::use(held.job.id);
    return absl::OkStatus();
  });
}

absl::Status RunStore::RecordProgress(const v1::RunKey& run, const v1::TrainingProgress& progress) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(Held held, Hold(sql, run));
    *held.job.job.mutable_progress() = progress;
    v1::JobEvent event = EventOf(run, held.chunk);
    *event.mutable_progress() = progress;
    RETURN_IF_ERROR(AddEvent(sql, held.job, std::move(event)));
    return SaveJob(sql, held.job);
  }));
  bell_.Ring(run.job());
  return absl::OkStatus();
}

absl::Status RunStore::RecordCheckpoint(const v1::RunKey& run,
                                        const v1::RunCheckpoint& checkpoint) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(Held held, Hold(sql, run));
    int64_t kept = -1;
    sql << "select step from checkpoints where job = :job", soci::use(held.job.id),
        soci::into(kept);
    if (kept >= checkpoint.step()) return absl::OkStatus();
    const int64_t step = checkpoint.step();
    const std::string state = absl::BytesToHexString(checkpoint.state());
    sql << "insert into checkpoints (job, step, state) values (:job, :step, :state)"
           " on conflict (job) do update set step = excluded.step, state = excluded.state",
        soci::use(held.job.id), soci::use(step), soci::use(state);
    held.chunk.faults = 0;
    SaveChunk(sql, held.job.id, run.chunk(), held.chunk);
    v1::JobEvent event = EventOf(run, held.chunk);
    event.mutable_checkpoint()->set_step(step);
    RETURN_IF_ERROR(AddEvent(sql, held.job, std::move(event)));
    return SaveJob(sql, held.job);
  }));
  bell_.Ring(run.job());
  return absl::OkStatus();
}

absl::Status RunStore::RecordPicture(const v1::RunKey& run, const v1::PictureDrawn& picture,
                                     const std::string& image_set) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(Held held, Hold(sql, run));
    const int64_t index = picture.request().index();
    const int64_t place = index - held.chunk.first_item;
    if (place < 0 || place >= held.chunk.item_count) {
      return absl::InternalError(
          absl::StrCat("picture ", index, " is not of ", run.job(), " chunk ", run.chunk()));
    }
    const int64_t bit = int64_t{1} << place;
    if ((held.chunk.done_bits & bit) != 0) return absl::OkStatus();
    held.chunk.done_bits |= bit;
    held.chunk.faults = 0;
    SaveChunk(sql, held.job.id, run.chunk(), held.chunk);
    v1::Job& job = held.job.job;
    job.set_items_done(job.items_done() + 1);
    if (picture.safety().blocked()) job.set_items_blocked(job.items_blocked() + 1);
    v1::JobEvent event = EventOf(run, held.chunk);
    auto* done = event.mutable_picture();
    done->set_item(absl::StrCat(image_set, "/items/", index));
    done->set_index(index);
    done->set_prompt(picture.request().prompt());
    done->set_seed(picture.request().seed());
    done->set_blocked(picture.safety().blocked());
    done->set_sha256(picture.sha256());
    RETURN_IF_ERROR(AddEvent(sql, held.job, std::move(event)));
    return SaveJob(sql, held.job);
  }));
  bell_.Ring(run.job());
  return absl::OkStatus();
}

absl::Status RunStore::CompleteTraining(const v1::RunKey& run, const v1::TrainingResult& result) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(Held held, Hold(sql, run));
    const std::string body = absl::BytesToHexString(result.SerializeAsString());
    sql << "insert into results (job, body) values (:job, :body)", soci::use(held.job.id),
        soci::use(body);
    held.chunk.state = kDone;
    SaveChunk(sql, held.job.id, run.chunk(), held.chunk);
    RETURN_IF_ERROR(AddUsage(sql, held.job.tenant, held.chunk));
    RETURN_IF_ERROR(
        AddEvent(sql, held.job, AttemptEvent(run, held.chunk, v1::ATTEMPT_STATE_SUCCEEDED, "")));
    RETURN_IF_ERROR(CompleteIfLast(sql, held.job));
    return SaveJob(sql, held.job);
  }));
  bell_.Ring(run.job());
  return absl::OkStatus();
}

absl::Status RunStore::CompleteChunk(const v1::RunKey& run, const std::string& image_set) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(Held held, Hold(sql, run));
    if (std::popcount(static_cast<uint64_t>(held.chunk.done_bits)) != held.chunk.item_count) {
      return absl::InternalError(absl::StrCat(run.job(), " chunk ", run.chunk(),
                                              " is said to be done, but pictures are missing"));
    }
    held.chunk.state = kDone;
    SaveChunk(sql, held.job.id, run.chunk(), held.chunk);
    held.job.job.set_result(image_set);
    RETURN_IF_ERROR(AddUsage(sql, held.job.tenant, held.chunk));
    RETURN_IF_ERROR(
        AddEvent(sql, held.job, AttemptEvent(run, held.chunk, v1::ATTEMPT_STATE_SUCCEEDED, "")));
    RETURN_IF_ERROR(CompleteIfLast(sql, held.job));
    return SaveJob(sql, held.job);
  }));
  bell_.Ring(run.job());
  return absl::OkStatus();
}

absl::Status RunStore::GiveBack(const v1::RunKey& run, const RunEnd& end) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(Held held, Hold(sql, run));
    JobRow& job = held.job;
    held.chunk.state = kWaiting;
    if (end.fault) ++held.chunk.faults;
    SaveChunk(sql, job.id, run.chunk(), held.chunk);
    RETURN_IF_ERROR(AddUsage(sql, job.tenant, held.chunk));
    RETURN_IF_ERROR(AddEvent(sql, job, AttemptEvent(run, held.chunk, end.state, end.reason)));
    job.not_before_us = DatabaseNowMicros(sql) + absl::ToInt64Microseconds(end.wait);
    if (end.fatal) {
      RETURN_IF_ERROR(Fail(sql, job, end.failure));
    } else if (held.chunk.faults >= job.job.max_attempts()) {
      v1::Failure failure;
      failure.set_reason(end.failure.reason().empty() ? "TOO_MANY_FAULTS" : end.failure.reason());
      failure.set_message(absl::StrCat("gave up after ", held.chunk.faults,
                                       " faults without progress; the last: ", end.reason));
      RETURN_IF_ERROR(Fail(sql, job, failure));
    } else if (CountChunks(sql, job.id, kRunning) == 0) {
      RETURN_IF_ERROR(Occur(sql, job, JobOccurrence::kRunsReturned, end.reason));
    }
    return SaveJob(sql, job);
  }));
  bell_.Ring(run.job());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<UnfinishedJob>> RunStore::Unfinished() {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<UnfinishedJob>> {
    std::vector<UnfinishedJob> jobs;
    std::string id;
    int state = 0;
    soci::statement statement =
        (sql.prepare << "select id, state from jobs where state in (3, 4)"
                        " union select id, state from jobs where needs_cleanup = 1",
         soci::into(id), soci::into(state));
    statement.execute();
    while (statement.fetch()) jobs.push_back({id, static_cast<v1::JobState>(state)});
    return jobs;
  });
}

absl::StatusOr<v1::Job> RunStore::Load(const std::string& id) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::Job> {
    v1::Job job;
    ASSIGN_OR_RETURN(const JobRow row, LoadJob(sql, id));
    std::string spec;
    sql << "select spec from jobs where id = :id", soci::use(id), soci::into(spec);
    RETURN_IF_ERROR(FromJsonText(spec, job));
    job.MergeFrom(row.job);
    return job;
  });
}

absl::StatusOr<v1::TrainingResult> RunStore::Result(const std::string& id) {
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

absl::StatusOr<v1::ModelLocation> RunStore::Model(const std::string& id) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::ModelLocation> {
    std::string json;
    sql << "select model from jobs where id = :id", soci::use(id), soci::into(json);
    return FromJsonText<v1::ModelLocation>(json);
  });
}

absl::Status RunStore::Finish(const std::string& id, const std::string& result) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(JobRow row, LoadJob(sql, id));
    if (row.job.state() == v1::JOB_STATE_SUCCEEDED) return absl::OkStatus();
    row.job.set_result(result);
    RETURN_IF_ERROR(Occur(sql, row, JobOccurrence::kCommitted, result));
    RETURN_IF_ERROR(DropChunks(sql, row));
    return SaveJob(sql, row);
  }));
  bell_.Ring(absl::StrCat("jobs/", id));
  return absl::OkStatus();
}

absl::Status RunStore::Refuse(const std::string& id, const v1::Failure& failure) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(JobRow row, LoadJob(sql, id));
    RETURN_IF_ERROR(Fail(sql, row, failure));
    return SaveJob(sql, row);
  }));
  bell_.Ring(absl::StrCat("jobs/", id));
  return absl::OkStatus();
}

absl::Status RunStore::Stopped(const std::string& id) {
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    ASSIGN_OR_RETURN(JobRow row, LoadJob(sql, id));
    RETURN_IF_ERROR(DropChunks(sql, row));
    row.needs_cleanup = 0;
    if (row.job.state() == v1::JOB_STATE_CANCELLING) {
      RETURN_IF_ERROR(Occur(sql, row, JobOccurrence::kStopped, "stopped"));
    }
    return SaveJob(sql, row);
  }));
  bell_.Ring(absl::StrCat("jobs/", id));
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, double>> RunStore::Usage() {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::map<std::string, double>> {
    std::map<std::string, double> usage;
    const int64_t now = DatabaseNowMicros(sql);
    std::string tenant;
    double used = 0;
    int64_t updated = 0;
    soci::statement statement =
        (sql.prepare << "select tenant, device_seconds, update_us from tenant_usage",
         soci::into(tenant), soci::into(used), soci::into(updated));
    statement.execute();
    while (statement.fetch()) {
      const double age = static_cast<double>(now - updated) / 1e6;
      usage[tenant] = used * std::exp2(-age / kUsageHalfLifeSeconds);
    }
    return usage;
  });
}

}  // namespace imprint::gateway
