// Which node has which chunk, and until when: chunks are leased, kept by renewing, and lost when
// their time is over.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <imprint/v1/job.pb.h>
#include <imprint/v1/node.pb.h>

#include "gateway/jobs/event_bell.h"
#include "gateway/jobs/item_plan.h"
#include "gateway/jobs/run_end.h"
#include "storage/database.h"

namespace imprint::gateway {

// What a node needs to begin a run.
struct RunLease {
  v1::RunKey key;
  std::string tenant;
  // By rank; one for what is no gang.
  std::vector<std::string> nodes;
  v1::Job job;  // with its spec
  v1::ModelLocation model;
  int64_t first_item = 0;
  int64_t item_count = 0;
  uint64_t done_bits = 0;  // items of the chunk that are done
  std::string checkpoint;  // empty if there is none
  int64_t checkpoint_step = 0;
  std::string trace_id;
};

// A run that some node should have; a gang is several, one for each rank.
struct CurrentRun {
  v1::RunKey key;
  std::string tenant;
  std::string node;
  std::string kind;  // of its job
  int priority = 0;
  int64_t start_us = 0;
  bool cancelling = false;
};

// A run that is over by the database's clock.
struct ExpiredRun {
  CurrentRun run;
  // How it is to be given back.
  RunEnd end;
};

// Thread-safe. Errors that are not named are the database's (storage/database.h); a record that
// cannot be read is DATA_LOSS.
class Leases {
 public:
  // `bell` wakes who waits for the events that are written.
  Leases(Database& database, EventBell& bell) : database_(database), bell_(bell) {}

  // Gives the job's next chunk to these nodes, one for each rank, as a new attempt whose leases end
  // after `ttl` unless they are renewed. One that nobody had yet has at most `most_items` pictures,
  // up to kMostChunkItems. NOT_FOUND if there is no such job; FAILED_PRECONDITION if there is no
  // chunk to give any more, or its state allows no run.
  absl::StatusOr<RunLease> Lease(const std::string& job, const std::vector<std::string>& nodes,
                                 absl::Duration ttl, int64_t most_items = kMostChunkItems);

  // A lease as it was given, for a gateway that takes over. ABORTED if the run is superseded.
  absl::StatusOr<RunLease> Reload(const v1::RunKey& run);

  // By job, chunk and rank.
  absl::StatusOr<std::vector<CurrentRun>> Current();

  // Runs that are not current are passed over.
  absl::Status Renew(const std::vector<v1::RunKey>& runs, absl::Duration ttl);

  // All current runs: after a start, nodes get time to be heard of.
  absl::Status RenewAll(absl::Duration ttl);

  // Runs whose lease ended, of any rank, or which took longer than their job allows.
  absl::StatusOr<std::vector<ExpiredRun>> ExpiredRuns();

 private:
  Database& database_;
  EventBell& bell_;
};

}  // namespace imprint::gateway
