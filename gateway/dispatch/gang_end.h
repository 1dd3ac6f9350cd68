// Explains why a gang ended: of several ranks that ended, finds the one that made the others fail.
// Pure.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include <imprint/v1/node.pb.h>

#include "gateway/jobs/run_end.h"

namespace imprint::gateway {

// How one rank of a gang ended, as far as its follower knows.
struct RankEnd {
  int rank = 0;
  std::string node;
  // Its last event; none if it has not been received.
  std::optional<v1::RunEvent> last;
  // The error, if it could not begin or is no longer on its node.
  absl::Status error;
};

// Returns whether a rank ended by its own fault, and not as a consequence of another's.
bool IsAtFault(const RankEnd& end);

// Returns how the attempt is given back. Precedence: first a fatal error, which no other attempt
// can mend, then a failure of a rank or its node, then a drain, then a rank of which nothing is
// known, then one that saw the gang break. The reason names rank and node.
RunEnd EndOfGang(std::span<const RankEnd> ends);

}  // namespace imprint::gateway
