// Extracts a job's id, as the database stores it, from the resource name that jobs and RunKeys
// carry.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/strip.h"
#include <imprint/v1/job.pb.h>
#include <imprint/v1/node.pb.h>

#include "base/resource_name.h"

namespace imprint::gateway {

// Returns "jobs/ID" without its collection, of a job or a key that this gateway made.
inline std::string JobIdOf(const v1::Job& job) {
  return std::string(absl::StripPrefix(job.name(), "jobs/"));
}
inline std::string JobIdOf(const v1::RunKey& run) {
  return std::string(absl::StripPrefix(run.job(), "jobs/"));
}

// Does the same for a key that came from elsewhere. Returns INVALID_ARGUMENT if it names no job.
inline absl::StatusOr<std::string> ParseJobId(const v1::RunKey& run) {
  return ParseResourceId("run.job", run.job(), "jobs");
}

}  // namespace imprint::gateway
