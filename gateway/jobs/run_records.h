// What runs say of themselves: that they began, how far they are, what they made, how they ended.
// Every record checks, in its own transaction, that the run is still the chunk's current attempt:
// one that was superseded changes nothing (fencing).
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include <imprint/v1/node.pb.h>

#include "gateway/jobs/event_bell.h"
#include "gateway/jobs/run_end.h"
#include "storage/database.h"

namespace imprint::gateway {

struct HeldRun;

// Thread-safe. Every function gives ABORTED if the run is superseded, its job ended or forgotten.
// Errors that are not named are the database's (storage/database.h).
class RunRecords {
 public:
  // `bell` wakes who waits for the events that are written.
  RunRecords(Database& database, EventBell& bell) : database_(database), bell_(bell) {}

  absl::Status RecordStart(const v1::RunKey& run, const v1::RunStarted& started);
  absl::Status RecordProgress(const v1::RunKey& run, const v1::TrainingProgress& progress);
  // Progress since the last checkpoint forgives earlier faults. An older checkpoint than the one
  // that is kept changes nothing.
  absl::Status RecordCheckpoint(const v1::RunKey& run, const v1::RunCheckpoint& checkpoint);
  // Idempotent by the picture's index. INTERNAL if it is not of the run's chunk.
  absl::Status RecordPicture(const v1::RunKey& run, const v1::PictureDrawn& picture,
                             const std::string& image_set);

  // The run has its result. The last chunk's moves the job to FINALIZING.
  absl::Status CompleteTraining(const v1::RunKey& run, const v1::TrainingResult& result);
  // INTERNAL if pictures of the chunk are missing.
  absl::Status CompleteChunk(const v1::RunKey& run, const std::string& image_set);

  // The run ended without. The chunk waits again, unless it has had max_attempts faults without
  // progress or the end is fatal: then the job fails.
  absl::Status GiveBack(const v1::RunKey& run, const RunEnd& end);

 private:
  // Has the current run changed in one transaction, and rings for its job.
  absl::Status Record(const v1::RunKey& run,
                      const std::function<absl::Status(soci::session&, HeldRun&)>& change);

  Database& database_;
  EventBell& bell_;
};

}  // namespace imprint::gateway
