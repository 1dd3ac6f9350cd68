#include "gateway/jobs/chunk_row.h"

#include "gateway/jobs/seats.h"

namespace imprint::gateway {

std::optional<ChunkRow> LoadChunk(soci::session& sql, const std::string& job, int64_t chunk) {
  ChunkRow row;
  sql << "select first_item, item_count, done_bits, state, faults, attempt, start_us"
         " from chunks where job = :job and chunk = :chunk",
      soci::use(job), soci::use(chunk), soci::into(row.first_item), soci::into(row.item_count),
      soci::into(row.done_bits), soci::into(row.state), soci::into(row.faults),
      soci::into(row.attempt), soci::into(row.start_us);
  if (!sql.got_data()) return std::nullopt;
  if (row.state == kChunkRunning) row.nodes = NodesOf(sql, job, chunk);
  return row;
}

void SaveChunk(soci::session& sql, const std::string& job, int64_t chunk, const ChunkRow& row) {
  sql << "update chunks set done_bits = :bits, state = :state, faults = :faults,"
         " attempt = :attempt, start_us = :start where job = :job and chunk = :chunk",
      soci::use(row.done_bits), soci::use(row.state), soci::use(row.faults), soci::use(row.attempt),
      soci::use(row.start_us), soci::use(job), soci::use(chunk);
  if (row.state != kChunkRunning) LeaveSeats(sql, job, chunk);
}

int64_t CountChunks(soci::session& sql, const std::string& job, ChunkState state) {
  const int number = state;
  int64_t count = 0;
  sql << "select count(*) from chunks where job = :job and state = :state", soci::use(job),
      soci::use(number), soci::into(count);
  return count;
}

int64_t FreshChunks(const JobRow& job) {
  if (job.chunk_items == 0) return job.next_item == 0 ? 1 : 0;
  return (job.items_total - job.next_item + job.chunk_items - 1) / job.chunk_items;
}

}  // namespace imprint::gateway
