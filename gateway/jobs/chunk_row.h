// One chunk of a job as the database stores it, loaded and saved within a transaction. Private to
// gateway/jobs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <soci/soci.h>

#include "gateway/jobs/job_row.h"

namespace imprint::gateway {

enum ChunkState { kChunkWaiting = 0, kChunkRunning = 1, kChunkDone = 2 };

// The columns as in job_schema.cc.
struct ChunkRow {
  int64_t first_item = 0;
  int64_t item_count = 0;
  int64_t done_bits = 0;
  int state = kChunkWaiting;
  int faults = 0;  // faults since its last progress
  int attempt = 0;
  int64_t start_us = 0;
  std::vector<std::string> nodes;  // nodes of a running chunk, by rank
};

// Returns the chunk, or nothing if the job has no such chunk.
std::optional<ChunkRow> LoadChunk(soci::session& sql, const std::string& job, int64_t chunk);

// Writes what may change. A chunk that no longer runs leaves its seats.
void SaveChunk(soci::session& sql, const std::string& job, int64_t chunk, const ChunkRow& row);

// Returns how many of the job's chunks have that state.
int64_t CountChunks(soci::session& sql, const std::string& job, ChunkState state);

// Returns how many chunks of the job no node has had yet.
int64_t FreshChunks(const JobRow& job);

}  // namespace imprint::gateway
