// Explains in one sentence why a job is in its state. Pure.
#pragma once

#include <string>

#include <imprint/v1/job.pb.h>

#include "gateway/scheduler/job_scheduler.h"

namespace imprint::gateway {

// `obstacle` is what keeps the job from being begun or finished just now, and empty if nothing
// does; for a cancelled job it is the reason given for the cancellation.
v1::ExplainJobResponse Explain(const v1::Job& job, const ClusterSnapshot& now, const Policy& policy,
                               const std::string& obstacle = "");

}  // namespace imprint::gateway
