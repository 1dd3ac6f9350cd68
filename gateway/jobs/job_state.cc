#include "gateway/jobs/job_state.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace imprint::gateway {
namespace {

using enum JobOccurrence;

constexpr JobTransition kTransitions[] = {
    {v1::JOB_STATE_PENDING, kRunStarted, v1::JOB_STATE_RUNNING},
    {v1::JOB_STATE_PENDING, kCancelAsked, v1::JOB_STATE_CANCELLING},
    {v1::JOB_STATE_PENDING, kFailed, v1::JOB_STATE_FAILED},
    {v1::JOB_STATE_RUNNING, kRunStarted, v1::JOB_STATE_RUNNING},
    {v1::JOB_STATE_RUNNING, kRunsReturned, v1::JOB_STATE_PENDING},
    {v1::JOB_STATE_RUNNING, kComputed, v1::JOB_STATE_FINALIZING},
    {v1::JOB_STATE_RUNNING, kFailed, v1::JOB_STATE_FAILED},
    {v1::JOB_STATE_RUNNING, kCancelAsked, v1::JOB_STATE_CANCELLING},
    {v1::JOB_STATE_FINALIZING, kCommitted, v1::JOB_STATE_SUCCEEDED},
    {v1::JOB_STATE_FINALIZING, kFailed, v1::JOB_STATE_FAILED},
    // Too late to stop: the result is on its way, and is kept.
    {v1::JOB_STATE_FINALIZING, kCancelAsked, v1::JOB_STATE_FINALIZING},
    {v1::JOB_STATE_CANCELLING, kCancelAsked, v1::JOB_STATE_CANCELLING},
    {v1::JOB_STATE_CANCELLING, kStopped, v1::JOB_STATE_CANCELLED},
};

}  // namespace

std::span<const JobTransition> JobTransitions() { return kTransitions; }

absl::StatusOr<v1::JobState> NextState(v1::JobState from, JobOccurrence occurrence) {
  const auto* found = std::find_if(
      std::begin(kTransitions), std::end(kTransitions),
      [&](const JobTransition& t) { return t.from == from && t.occurrence == occurrence; });
  if (found != std::end(kTransitions)) return found->to;
  return absl::FailedPreconditionError(
      absl::StrCat("state: the job is ", Name(from), "; ", Name(occurrence), " does not apply"));
}

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

absl::string_view Name(v1::JobState state) {
  return absl::StripPrefix(v1::JobState_Name(state), "JOB_STATE_");
}

absl::string_view Name(JobOccurrence occurrence) {
  switch (occurrence) {
    case kRunStarted:
      return "run started";
    case kRunsReturned:
      return "runs returned";
    case kComputed:
      return "computed";
    case kCommitted:
      return "committed";
    case kFailed:
      return "failed";
    case kCancelAsked:
      return "cancel";
    case kStopped:
      return "stopped";
  }
  return "?";
}

}  // namespace imprint::gateway
