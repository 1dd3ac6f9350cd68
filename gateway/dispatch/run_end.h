// Decides how an error or a run's last event counts for its job. Pure.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include <imprint/v1/node.pb.h>

#include "gateway/jobs/run_end.h"

namespace imprint::gateway {

// The end of a run that could not be begun: because the registry was unavailable, because the node
// had no room, or because the run itself is invalid.
RunEnd EndOfBeginning(const absl::Status& error);

// The end of a run that failed on its node.
RunEnd EndOfFailure(const v1::Failure& failure);

// The end of a run that was stopped.
RunEnd EndOfStop(const v1::RunStopped& stopped);

// Returns since when a reachable registry has been failing at a job, given one more error. INTERNAL
// and UNKNOWN count (IsServerError in rpc/retry.h), the latter because a broken connection also
// shows as UNKNOWN. Any other error starts over; `since` is InfiniteFuture while nothing has
// failed.
absl::Time FailingSince(absl::Time since, const absl::Status& error, absl::Time now);

// Returns whether a result that the registry did not take may still be committed.
bool MayYetBeCommitted(const absl::Status& error, absl::Duration failing);

}  // namespace imprint::gateway
