// Records what runs report: that they started, how far they are, what they made, and how they
// ended. Every change checks, in its own transaction, that the run is still the chunk's current
// attempt: a superseded one changes nothing (fencing).
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

// Thread-safe. Every function returns ABORTED if the run is superseded, or if its job no longer
// runs or was deleted. Errors that no comment names are the database's (storage/database.h).
class RunRecords {
 public:
  // `bell` rings for each job that gets new events.
  RunRecords(Database& database, EventBell& bell) : database_(database), bell_(bell) {}

  // Records that a run started, and with how many threads it computes: later attempts use as many.
  absl::Status RecordStart(const v1::RunKey& run, const v1::RunStarted& started);
  // Records how far a training is.
  absl::Status RecordProgress(const v1::RunKey& run, const v1::TrainingProgress& progress);
  // Records a checkpoint. Progress since the last one clears earlier faults. A no-op if a
  // checkpoint of the same step or a later one is kept already.
  absl::Status RecordCheckpoint(const v1::RunKey& run, const v1::RunCheckpoint& checkpoint);
  // Records a picture; idempotent by its index. Returns INTERNAL if the picture is not one of the
  // run's chunk.
  absl::Status RecordPicture(const v1::RunKey& run, const v1::PictureDrawn& picture,
                             const std::string& image_set);

  // Completes a run that has its result. When the last chunk completes, the job moves to
  // FINALIZING.
  absl::Status CompleteTraining(const v1::RunKey& run, const v1::TrainingResult& result);
  // Does the same for a chunk of pictures. Returns INTERNAL if some of them are missing.
  absl::Status CompleteChunk(const v1::RunKey& run, const std::string& image_set);

  // Gives back a run that ended without a result. The chunk waits again, unless it has had
  // max_attempts faults without progress or the end is fatal: then the job fails.
  absl::Status GiveBack(const v1::RunKey& run, const RunEnd& end);

 private:
  // Applies `change` to the run in one transaction if it is current, and rings for its job.
  absl::Status Record(const v1::RunKey& run,
                      const std::function<absl::Status(soci::session&, HeldRun&)>& change);

  Database& database_;
  EventBell& bell_;
};

}  // namespace imprint::gateway
