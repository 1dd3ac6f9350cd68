// Which runs give way, now, to work that somebody waits for. A pure function over a snapshot, as
// Decide.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/scheduler/job_scheduler.h"

namespace imprint::gateway {

struct PreemptionPolicy {
  // Priorities from here on may have others give way, and those up to here give way to them.
  int urgent = 3;
  int yielding = 1;
  // Of a kind's slots, what urgent work may hold by that; one at least.
  double share = 0.5;
};

// The run of `job`'s `chunk` on `node` is to stop, so that `urgent` can begin there.
struct Preemption {
  std::string job;
  int64_t chunk = 0;
  std::string node;
  std::string urgent;

  friend bool operator==(const Preemption&, const Preemption&) = default;
};

// For urgent work of one slot that `placed` has not placed: the youngest runs that yield, which
// lose least, on nodes that may take it. Runs that are being stopped already are counted as free;
// gangs do not give way.
std::vector<Preemption> DecidePreemptions(const ClusterSnapshot& now,
                                          const std::vector<Placement>& placed,
                                          const PreemptionPolicy& policy);

}  // namespace imprint::gateway
