// How an error or a run's last event counts for its job: pure.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>

#include "gateway/jobs/run_end.h"

namespace imprint::gateway {

// A run that could not be begun: for want of the registry, of room on the node, or because it is
// wrong in itself.
RunEnd EndOfBeginning(const absl::Status& error);

// A run that failed on its node.
RunEnd EndOfFailure(const v1::Failure& failure);

// A run that was stopped.
RunEnd EndOfStop(const v1::RunStopped& stopped);

// Whether trying the same call again may help.
bool IsTransient(const absl::Status& error);

// Since when a registry that can be reached has failed at a job, after one more error: INTERNAL, or
// UNKNOWN, which is also how a connection breaks. Any other error begins anew; so does
// InfiniteFuture, which is never.
absl::Time FailingSince(absl::Time since, const absl::Status& error, absl::Time now);

// Whether a result that the registry did not take may yet be committed.
bool MayYetBeCommitted(const absl::Status& error, absl::Duration failing);

}  // namespace imprint::gateway
