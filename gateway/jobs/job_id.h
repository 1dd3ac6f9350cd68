// Extracts a job's id, as the database stores it, from the resource name that a RunKey carries.
#pragma once

#include <string>

#include "absl/strings/strip.h"
#include <imprint/v1/node.pb.h>

namespace imprint::gateway {

// Returns "jobs/ID" without its collection.
inline std::string JobIdOf(const v1::RunKey& run) {
  return std::string(absl::StripPrefix(run.job(), "jobs/"));
}

}  // namespace imprint::gateway
