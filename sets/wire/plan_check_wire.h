// What a plan comes to, as CheckPlan answers it.
#pragma once

#include <imprint/v1/job.pb.h>

#include "sets/coverage.h"
#include "sets/expansion.h"

namespace imprint::sets {

// Sets pictures, cells, axes, quotas and examples of an admitted spec's plan.
void FillCheck(const v1::ImageSetSpec& spec, const Expansion& plan, const Coverage& coverage,
               v1::CheckPlanResponse& check);

}  // namespace imprint::sets
