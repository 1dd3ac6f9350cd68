// The state machine of a job: which state follows which, and why. It is the one table that the
// code, its tests and ARCHITECTURE.md's picture are based on.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/job.pb.h>

namespace imprint::gateway {

// What can happen to a job.
enum class JobOccurrence {
  kRunStarted,    // a chunk of it was given to a node
  kRunsReturned,  // its last run was lost, stopped or failed, and may be retried
  kComputed,      // every chunk is done
  kCommitted,     // the registry has the result
  kFailed,        // it has failed for good
  kCancelAsked,   // a cancellation was requested
  kStopped,       // its runs have stopped and its tickets are void
};

struct JobTransition {
  v1::JobState from;
  JobOccurrence occurrence;
  v1::JobState to;
};

// Returns all transitions.
std::span<const JobTransition> JobTransitions();

// Returns the state that follows, or FAILED_PRECONDITION, naming both arguments, if the table has
// no such transition.
absl::StatusOr<v1::JobState> NextState(v1::JobState from, JobOccurrence occurrence);

// Returns whether the state is SUCCEEDED, FAILED or CANCELLED, which no transition leaves.
bool IsTerminal(v1::JobState state);

// Returns the state's name, such as "RUNNING".
absl::string_view Name(v1::JobState state);
absl::string_view Name(JobOccurrence occurrence);

}  // namespace imprint::gateway
