// Holds the four stores of what nodes do for jobs, which share one database. Code that needs only
// some of them takes those.
#pragma once

#include "gateway/jobs/event_bell.h"
#include "gateway/jobs/job_endings.h"
#include "gateway/jobs/leases.h"
#include "gateway/jobs/run_records.h"
#include "gateway/jobs/work_queue.h"
#include "storage/database.h"

namespace imprint::gateway {

// Thread-safe, as each of them is.
struct RunStores {
  RunStores(Database& database, EventBell& bell)
      : queue(database), leases(database, bell), records(database, bell), endings(database, bell) {}

  WorkQueue queue;
  Leases leases;
  RunRecords records;
  JobEndings endings;
};

}  // namespace imprint::gateway
