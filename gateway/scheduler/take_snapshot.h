// Reads the snapshot that the JobScheduler decides from out of the stores and the node table.
#pragma once

#include "absl/status/statusor.h"

#include "gateway/jobs/leases.h"
#include "gateway/jobs/work_queue.h"
#include "gateway/peers/node_table.h"
#include "gateway/scheduler/job_scheduler.h"

namespace imprint::gateway {

// About so many waiting jobs are looked at in one tick.
inline constexpr int kSnapshotJobs = 10'000;

// Returns what the scheduler would see now: about `most_jobs` waiting jobs, with each tenant's most
// urgent among them, all runs, and the nodes that take work. ExplainJob explains from the same
// snapshot. Thread-safe; errors are the stores'.
absl::StatusOr<ClusterSnapshot> TakeSnapshot(WorkQueue& queue, Leases& leases, NodeTable& nodes,
                                             int most_jobs = kSnapshotJobs);

}  // namespace imprint::gateway
