// How a run ends that brings no result: what the store is told when a chunk is given back.
#pragma once

#include <string>

#include "absl/time/time.h"
#include <imprint/v1/job.pb.h>
#include <imprint/v1/node.pb.h>

namespace imprint::gateway {

struct RunEnd {
  v1::AttemptState state = v1::ATTEMPT_STATE_LOST;
  std::string reason;
  // Whether it counts against the job's max_attempts; node lost, crashed, failed: yes. Drained,
  // preempted, not begun for want of the registry: no.
  bool fault = true;
  // Set if the job must fail with it.
  bool fatal = false;
  v1::Failure failure;
  // Before another attempt.
  absl::Duration wait = absl::ZeroDuration();
};

}  // namespace imprint::gateway
