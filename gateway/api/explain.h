// Why a job is where it is, in one sentence. Pure.
#pragma once

#include <string>

#include <imprint/v1/job.pb.h>

#include "gateway/scheduler/job_scheduler.h"

namespace imprint::gateway {

// `obstacle` is what keeps the job from being begun or finished just now, empty if nothing does; of
// a cancelled job, the reason that was given for that.
v1::ExplainJobResponse Explain(const v1::Job& job, const ClusterSnapshot& now, const Policy& policy,
                               const std::string& obstacle = "");

}  // namespace imprint::gateway
