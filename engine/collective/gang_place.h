// A process's place in a gang: the ranks that share one training. Needs no LibTorch.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace imprint {

struct GangPlace {
  int rank = 0;
  int size = 1;
  // Where rank 0 waits for the others, and the port that it has bound there.
  std::string host = "127.0.0.1";
  int port = 0;
  // The address of this machine that the others reach this rank at.
  std::string own_host = "127.0.0.1";
  // Of this attempt: a straggler of an earlier one finds nobody under its own.
  std::string token;
  // How long to wait until all are there.
  absl::Duration join_patience = absl::Seconds(60);
  // How long to wait in each collective operation: longer than the slowest rank's step.
  absl::Duration patience = absl::Minutes(5);
};

}  // namespace imprint
