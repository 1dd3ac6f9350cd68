// Seats: the nodes of a chunk's current attempt, one for each of its ranks, each with the end of
// its lease. Used within a transaction; private to gateway/jobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <imprint/v1/node.pb.h>
#include <soci/soci.h>

namespace imprint::gateway {

void TakeSeats(soci::session& sql, const std::string& job, int64_t chunk,
               const std::vector<std::string>& nodes, int64_t lease_us);

// Returns the nodes in order of rank; none if nobody has the chunk.
std::vector<std::string> NodesOf(soci::session& sql, const std::string& job, int64_t chunk);

void LeaveSeats(soci::session& sql, const std::string& job, int64_t chunk);
// Leaves the seats of all of the job's chunks.
void LeaveSeats(soci::session& sql, const std::string& job);

// Renews the lease of a rank of the chunk's current attempt; a no-op for any other attempt.
void RenewSeat(soci::session& sql, const std::string& job, const v1::RunKey& run, int64_t lease_us);
void RenewSeats(soci::session& sql, int64_t lease_us);

}  // namespace imprint::gateway
