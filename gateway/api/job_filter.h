// Parses ListJobs' filter (https://google.aip.dev/160, the part of it that jobs need).
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "gateway/jobs/job_store.h"

namespace imprint::gateway {

// Parses a filter such as "state = RUNNING AND kind = training AND labels.class = \"3b\"". Returns
// INVALID_ARGUMENT naming filter and the term that is not understood.
absl::StatusOr<JobFilter> ParseJobFilter(absl::string_view text);

}  // namespace imprint::gateway
