// Identifies a run: one attempt at one chunk of one job and, in a gang, one of its ranks.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/node.pb.h>

namespace imprint::node {

// A plain value.
struct RunId {
  std::string job;    // jobs/{job}
  int64_t chunk = 0;  // the chunk of an image set; 0 for a training
  int attempt = 1;    // counts from 1
  int rank = 0;       // rank within a gang

  friend bool operator==(const RunId&, const RunId&) = default;
  // Orders the attempts at one chunk next to each other.
  friend bool operator<(const RunId& a, const RunId& b) {
    return std::tie(a.job, a.chunk, a.attempt, a.rank) <
           std::tie(b.job, b.chunk, b.attempt, b.rank);
  }
};

// Returns INVALID_ARGUMENT naming run.job, run.chunk, run.attempt or run.rank.
absl::StatusOr<RunId> ParseRunId(const v1::RunKey& key);

v1::RunKey ToProto(const RunId& id);

// Returns a text for people: "jobs/a4 chunk 2 attempt 1", "jobs/b1 attempt 2 rank 3".
std::string Describe(const RunId& id);

}  // namespace imprint::node
