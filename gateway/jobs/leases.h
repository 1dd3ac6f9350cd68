// Keeps which node has which chunk, and until when: a chunk is leased as a new attempt, the lease
// is renewed while its node is heard of, and the attempt is lost when the lease ends.
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
  // The nodes in order of rank; one if the chunk is not a gang.
  std::vector<std::string> nodes;
  v1::Job job;  // with its spec
  v1::ModelLocation model;
  int64_t first_item = 0;
  int64_t item_count = 0;
  double item_work = 0;    // of a picture (item_plan.h)
  uint64_t done_bits = 0;  // items of the chunk that are done
  int faults = 0;          // faults of the chunk since its last progress
  std::string checkpoint;  // empty if there is none
  int64_t checkpoint_step = 0;
  std::string trace_id;
};

// What a lease gives beside its nodes and its time.
struct LeaseTerms {
  int64_t most_items = kMostChunkItems;
  // What "auto" stands for in a job that no node had before; all its attempts keep it. "auto"
  // leaves it open, and no node computes in that.
  std::string precision = "auto";
  // The same for the places of an image set's batches; 0 leaves them open.
  int batch_places = 0;
};

// A run that some node should have; a gang has several, one for each rank.
struct CurrentRun {
  v1::RunKey key;
  std::string tenant;
  std::string node;
  std::string kind;  // kind of its job
  int priority = 0;
  std::string fingerprint;  // of the base model
  std::string precision;
  int64_t start_us = 0;
  bool cancelling = false;
};

// A run whose time is over by the database's clock.
struct ExpiredRun {
  CurrentRun run;
  // How it is to be given back.
  RunEnd end;
};

// Thread-safe. Functions return DATA_LOSS if a job's record is damaged; errors that no comment
// names are the database's (storage/database.h).
class Leases {
 public:
  // `bell` rings for each job that gets new events.
  Leases(Database& database, EventBell& bell) : database_(database), bell_(bell) {}

  // Leases the job's next chunk to these nodes, one for each rank, as a new attempt whose leases
  // end after `ttl` unless they are renewed. A chunk that no node had before gets at most
  // `terms.most_items` pictures, up to kMostChunkItems. Returns NOT_FOUND if there is no such job,
  // and FAILED_PRECONDITION if there is no chunk left to lease or the job's state allows no run.
  absl::StatusOr<RunLease> Lease(const std::string& job, const std::vector<std::string>& nodes,
                                 absl::Duration ttl, const LeaseTerms& terms = {});

  // Returns a lease as it was given, for a gateway that adopts the run. Returns ABORTED if the run
  // is superseded.
  absl::StatusOr<RunLease> Reload(const v1::RunKey& run);

  // Returns all current runs, in order of job, chunk and rank.
  absl::StatusOr<std::vector<CurrentRun>> Current();

  // Renews the leases of runs; those that are not current are skipped.
  absl::Status Renew(const std::vector<v1::RunKey>& runs, absl::Duration ttl);

  // Renews the leases of all current runs, so that nodes get time to be heard of after a restart.
  absl::Status RenewAll(absl::Duration ttl);

  // Returns the runs whose lease ended, for any of their ranks, or which took longer than their job
  // allows.
  absl::StatusOr<std::vector<ExpiredRun>> ExpiredRuns();

 private:
  Database& database_;
  EventBell& bell_;
};

}  // namespace imprint::gateway
