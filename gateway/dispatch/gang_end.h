// Why a gang ended: of several ranks that ended, the one over which the others fell. Pure.
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
  // Its last event; none if it has not been heard.
  std::optional<v1::RunEvent> last;
  // Why it could not begin, or is no longer on its node.
  absl::Status error;
};

// Whether a rank's end was its own, and not a consequence of another's.
bool IsAtFault(const RankEnd& end);

// How the attempt is given back. What no other attempt can mend goes first, then what a rank or its
// node did, then a drain, then a rank of which nothing is known, then one that saw the gang break;
// the reason names rank and node.
RunEnd EndOfGang(std::span<const RankEnd> ends);

}  // namespace imprint::gateway
