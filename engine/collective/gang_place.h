// A process's place in a gang: the ranks that share one training. Needs no LibTorch.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace imprint::engine {

struct GangPlace {
  int rank = 0;
  int size = 1;
  // The address where rank 0 waits for the others, and the port that it has bound there.
  std::string host = "127.0.0.1";
  int port = 0;
  // The address at which the others reach this rank.
  std::string own_host = "127.0.0.1";
  // The token of this attempt: a straggler of an earlier attempt finds nobody under its own.
  std::string token;
  // The deadline for all ranks to join.
  absl::Duration join_patience = absl::Seconds(60);
  // The deadline of each collective operation; must be longer than the slowest rank's step.
  absl::Duration patience = absl::Minutes(5);
};

}  // namespace imprint::engine
