#include "gateway/jobs/seats.h"

#include "gateway/jobs/state_sql.h"

namespace imprint::gateway {

void TakeSeats(soci::session& sql, const std::string& job, int64_t chunk,
               const std::vector<std::string>& nodes, int64_t lease_us) {
  LeaveSeats(sql, job, chunk);
  int rank = 0;
  for (const std::string& node : nodes) {
    sql << "insert into seats (job, chunk, rank, node, lease_us)"
           " values (:job, :chunk, :rank, :node, :lease)",
        soci::use(job), soci::use(chunk), soci::use(rank), soci::use(node), soci::use(lease_us);
    ++rank;
  }
}

std::vector<std::string> NodesOf(soci::session& sql, const std::string& job, int64_t chunk) {
  std::vector<std::string> nodes;
  std::string node;
  soci::statement statement =
      (sql.prepare << "select node from seats where job = :job and chunk = :chunk order by rank",
       soci::use(job), soci::use(chunk), soci::into(node));
  statement.execute();
  while (statement.fetch()) nodes.push_back(node);
  return nodes;
}

void LeaveSeats(soci::session& sql, const std::string& job, int64_t chunk) {
  sql << "delete from seats where job = :job and chunk = :chunk", soci::use(job), soci::use(chunk);
}

void LeaveSeats(soci::session& sql, const std::string& job) {
  sql << "delete from seats where job = :job", soci::use(job);
}

void RenewSeat(soci::session& sql, const std::string& job, const v1::RunKey& run,
               int64_t lease_us) {
  const int64_t chunk = run.chunk();
  const int attempt = run.attempt();
  const int rank = run.rank();
  // Of the current attempt alone: a node that still lists a superseded run must not keep the seat
  // of the one that came after it.
  sql << Sql(
      "update seats set lease_us = :lease where job = :job and chunk = :chunk and rank = :rank"
      " and exists (select 1 from chunks c where c.job = seats.job and c.chunk = seats.chunk"
      " and c.attempt = :attempt and c.state = {chunk_running})"),
      soci::use(lease_us), soci::use(job), soci::use(chunk), soci::use(rank), soci::use(attempt);
}

void RenewSeats(soci::session& sql, int64_t lease_us) {
  sql << "update seats set lease_us = :lease", soci::use(lease_us);
}

}  // namespace imprint::gateway
