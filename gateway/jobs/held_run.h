// A run that is its chunk's current attempt, loaded within the transaction that will change it: the
// fence that every report of a run passes. Private to gateway/jobs.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/job.pb.h>
#include <imprint/v1/node.pb.h>
#include <soci/soci.h>

#include "gateway/jobs/chunk_row.h"
#include "gateway/jobs/job_row.h"

namespace imprint::gateway {

// What a current run belongs to.
struct HeldRun {
  JobRow job;
  ChunkRow chunk;
};

// Returns the run's job and chunk. Returns ABORTED if the run is superseded: its job is gone or
// does not run, or its chunk has another attempt or none.
absl::StatusOr<HeldRun> Hold(soci::session& sql, const v1::RunKey& run);

// Returns an event of the run that does not say yet what happened.
v1::JobEvent EventOf(const v1::RunKey& run, const ChunkRow& chunk);

// Returns the event that the run's attempt began or ended.
v1::JobEvent AttemptEvent(const v1::RunKey& run, const ChunkRow& chunk, v1::AttemptState state,
                          absl::string_view reason);

}  // namespace imprint::gateway
