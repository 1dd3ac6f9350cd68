// Reads the snapshot that the JobScheduler decides from out of the stores and the node table.
#pragma once

#include "absl/status/statusor.h"

#include "gateway/jobs/leases.h"
#include "gateway/jobs/work_queue.h"
#include "gateway/peers/node_table.h"
#include "gateway/scheduler/job_scheduler.h"

namespace imprint::gateway {

// Returns what the scheduler would see now: up to some 10,000 waiting jobs, with each tenant's most
// urgent among them, all runs, and the nodes that take work. ExplainJob explains from the same
// snapshot. Thread-safe; errors are the stores'.
absl::StatusOr<ClusterSnapshot> TakeSnapshot(WorkQueue& queue, Leases& leases, NodeTable& nodes);

}  // namespace imprint::gateway
