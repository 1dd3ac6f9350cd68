// Describes how a run ended without a result: what the store records when its chunk is given back.
#pragma once

#include <string>

#include "absl/time/time.h"
#include <imprint/v1/job.pb.h>
#include <imprint/v1/node.pb.h>

namespace imprint::gateway {

// How a run ended without a result.
struct RunEnd {
  v1::AttemptState state = v1::ATTEMPT_STATE_LOST;
  std::string reason;
  // Whether it counts against the job's max_attempts. It does if the node was lost, or the run
  // crashed or failed. It does not if the run was drained, preempted, or not begun because the
  // registry was unavailable.
  bool fault = true;
  // Set if the job must fail with it, instead of retrying.
  bool fatal = false;
  v1::Failure failure;
  // How long to wait before another attempt.
  absl::Duration wait = absl::ZeroDuration();
};

}  // namespace imprint::gateway
