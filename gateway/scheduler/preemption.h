// Decides which runs are preempted, now, for work that somebody waits for. A pure function over a
// snapshot, like Decide.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/scheduler/job_scheduler.h"

namespace imprint::gateway {

struct PreemptionPolicy {
  // Work of priority `urgent` or higher may preempt; runs of priority `yielding` or lower are
  // preempted.
  int urgent = 3;
  int yielding = 1;
  // The share of a kind's slots up to which urgent work may preempt; at least one slot.
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

// Makes room for urgent work of one slot that `placed` has not placed: chooses the youngest
// yielding runs, which lose least, on nodes that may take the work. Runs that are already being
// stopped count as free; gangs are not preempted. On a trainer that packs, where whatever it has
// computes on one device, all yielding runs give way to urgent work, wherever that has come from.
std::vector<Preemption> DecidePreemptions(const ClusterSnapshot& now,
                                          const std::vector<Placement>& placed,
                                          const PreemptionPolicy& policy);

}  // namespace imprint::gateway
