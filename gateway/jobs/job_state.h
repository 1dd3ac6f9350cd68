// The life of a job: which state follows which, and why. The one table that the code, its tests and
// ARCHITECTURE.md's picture come from.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/job.pb.h>

namespace imprint::gateway {

// What can happen to a job.
enum class JobOccurrence {
  kRunStarted,    // a chunk of it was given to a node
  kRunsReturned,  // its last run was lost, stopped or failed, and may be tried again
  kComputed,      // every chunk is done
  kCommitted,     // the registry has the result
  kFailed,        // it cannot be done
  kCancelAsked,   // somebody asked it to stop
  kStopped,       // its runs are stopped and its tickets void
};

struct JobTransition {
  v1::JobState from;
  JobOccurrence occurrence;
  v1::JobState to;
};

// Every transition that there is.
std::span<const JobTransition> JobTransitions();

// Where a job goes. FAILED_PRECONDITION, naming both, if the table has no such transition.
absl::StatusOr<v1::JobState> NextState(v1::JobState from, JobOccurrence occurrence);

// SUCCEEDED, FAILED and CANCELLED: no transition leaves them.
bool IsTerminal(v1::JobState state);

// "RUNNING".
absl::string_view Name(v1::JobState state);
absl::string_view Name(JobOccurrence occurrence);

}  // namespace imprint::gateway
