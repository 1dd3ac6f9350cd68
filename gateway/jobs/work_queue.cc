#include "gateway/jobs/work_queue.h"

#include <algorithm>

#include "gateway/jobs/state_sql.h"
#include "gateway/jobs/tenant_usage.h"

namespace imprint::gateway {
namespace {

// Chunks of the job `j` that wait: those that were given back, and those that were never given.
constexpr const char* kWaitingChunks =
    "((select count(*) from chunks c where c.job = j.id and c.state = {chunk_waiting})"
    " + case when j.chunk_items > 0"
    " then (j.items_total - j.next_item + j.chunk_items - 1) / j.chunk_items"
    " when j.next_item = 0 then 1 else 0 end)";

// A tenant's jobs of one kind, precision and batch: those that no node can take must not stand
// before others.
struct Line {
  std::string tenant;
  std::string kind;
  std::string precision;
  int batch_places = 0;
};

std::vector<Line> Lines(soci::session& sql) {
  std::vector<Line> lines;
  Line line;
  soci::statement statement =
      (sql.prepare << Sql("select distinct tenant, kind, precision, batch_places from jobs"
                          " where state in ({to_run})"),
       soci::into(line.tenant), soci::into(line.kind), soci::into(line.precision),
       soci::into(line.batch_places));
  statement.execute();
  while (statement.fetch()) lines.push_back(line);
  return lines;
}

// Says whether those were all.
bool AddMostUrgent(soci::session& sql, const Line& line, int most, std::vector<WaitingJob>& jobs) {
  const int64_t now = DatabaseNowMicros(sql);
  const int limit = most + 1;
  WaitingJob job = {.tenant = line.tenant,
                    .kind = line.kind,
                    .precision = line.precision,
                    .batch_places = line.batch_places};
  soci::statement statement =
      (sql.prepare << Sql(
           "select j.id, j.priority, j.slots, j.min_slots, j.create_us, j.fingerprint, "
           "j.items_total, j.item_work, ",
           kWaitingChunks,
           " from jobs j where tenant = :tenant and kind = :kind and precision = :precision"
           " and batch_places = :places and state in ({to_run}) and not_before_us <= :now and ",
           kWaitingChunks, " > 0 order by priority desc, create_us limit :limit"),
       soci::use(line.tenant, "tenant"), soci::use(line.kind, "kind"),
       soci::use(line.precision, "precision"), soci::use(line.batch_places, "places"),
       soci::use(now, "now"), soci::use(limit, "limit"), soci::into(job.id),
       soci::into(job.priority), soci::into(job.slots), soci::into(job.min_slots),
       soci::into(job.create_us), soci::into(job.fingerprint), soci::into(job.items_total),
       soci::into(job.item_work), soci::into(job.chunks));
  statement.execute();
  for (int count = 0; statement.fetch(); ++count) {
    if (count == most) return false;
    jobs.push_back(job);
  }
  return true;
}

}  // namespace

absl::StatusOr<WaitingJobs> WorkQueue::Waiting(int limit) {
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

absl::StatusOr<bool> WorkQueue::AnyWaiting(int priority) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<bool> {
    int64_t waiting = 0;
    const int64_t now = DatabaseNowMicros(sql);
    sql << Sql(
        "select count(*) from (select 1 from jobs j where state in ({to_run}) and priority >= :p"
        " and not_before_us <= :now and ",
        kWaitingChunks, " > 0 limit 1) some"),
        soci::use(priority, "p"), soci::use(now, "now"), soci::into(waiting);
    return waiting > 0;
  });
}

absl::StatusOr<std::map<std::string, QueueLength>> WorkQueue::Queue() {
  return database_.Read(
      [&](soci::session& sql) -> absl::StatusOr<std::map<std::string, QueueLength>> {
        std::map<std::string, QueueLength> queue;
        const int64_t now = DatabaseNowMicros(sql);
        std::string kind;
        int64_t chunks = 0;
        int64_t oldest = 0;
        soci::statement statement =
            (sql.prepare << Sql("select kind, sum(waiting), min(create_us) from (select j.kind,"
                                " j.create_us, ",
                                kWaitingChunks,
                                " as waiting from jobs j where state in ({to_run})) jobs"
                                " where waiting > 0 group by kind"),
             soci::into(kind), soci::into(chunks), soci::into(oldest));
        statement.execute();
        while (statement.fetch()) queue[kind] = {.chunks = chunks, .oldest_us = now - oldest};
        return queue;
      });
}

absl::StatusOr<std::map<std::string, double>> WorkQueue::Usage() {
  return database_.Read([](soci::session& sql) -> absl::StatusOr<std::map<std::string, double>> {
    return UsageByTenant(sql);
  });
}

}  // namespace imprint::gateway
