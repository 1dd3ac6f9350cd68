// Follows a job's events, one after the other, across broken connections and gateway restarts.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/imprint/client/gateway.h"
#include "cli/program/console.h"

namespace imprint::cli {

// Handles one event; an error ends the following with that error.
using JobEventHandler = std::function<absl::Status(const v1::JobEvent&)>;

struct FollowOptions {
  // The first event wanted; 0 means all.
  int64_t from_event = 0;
  // How long the gateway may be silent, or ask for a retry later, before the following fails: with
  // UNAVAILABLE, or with what the gateway says.
  absl::Duration patience = absl::Minutes(1);
};

// Calls `handle` for each event once, in order, until the job is in a terminal state, and returns
// the job in that state. Returns CANCELLED if the gateway's stop was requested.
absl::StatusOr<v1::Job> FollowJob(Gateway& gateway, const std::string& job,
                                  const FollowOptions& options, const JobEventHandler& handle);

bool IsTerminal(v1::JobState state);

// Returns OK if the job succeeded, else why not and what to do.
absl::Status Outcome(const v1::Job& job);

// Says what the gateway found in the spec of a job that was just created.
void TellWarnings(const v1::Job& job, Console& console);

// Says why a job that was just created does not run yet, if there is something to say.
void TellWhatItWaitsFor(Gateway& gateway, Console& console, const v1::Job& job);

// Returns what to say when somebody stops watching: CANCELLED, with the jobs that go on and how to
// follow or stop each. `jobs` is not empty.
absl::Status StoppedWatching(const std::vector<std::string>& jobs);

}  // namespace imprint::cli
