// How an error or a run's last event counts for its job: pure.
#pragma once

#include "absl/status/status.h"
#include <imprint/v1/node.pb.h>

#include "gateway/jobs/run_store.h"

namespace imprint {

// A run that could not be begun: for want of the registry, of room on the node, or because it is
// wrong in itself.
RunEnd EndOfBeginning(const absl::Status& error);

// A run that failed on its node.
RunEnd EndOfFailure(const v1::Failure& failure);

// A run that was stopped.
RunEnd EndOfStop(const v1::RunStopped& stopped);

// Whether trying the same call again may help.
bool IsTransient(const absl::Status& error);

}  // namespace imprint
