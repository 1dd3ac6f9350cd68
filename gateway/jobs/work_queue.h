// Reads what waits to be done, and how much each tenant has used: what the JobScheduler decides by.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "storage/database.h"

namespace imprint::gateway {

// A job with chunks that nobody works on.
struct WaitingJob {
  std::string id;
  std::string tenant;
  std::string kind;  // "training" or "image_set"
  int priority = 0;
  int slots = 1;       // the most that one chunk can use at once
  int min_slots = 1;   // the fewest that one chunk needs
  int64_t chunks = 1;  // chunks that wait
  int64_t create_us = 0;
  std::string fingerprint;  // of the base model
  std::string precision;    // "fp32", "bf16", "fp16"; "auto" until a node has it
  // Of an image set:
  int batch_places = 0;     // of its pictures' batches; 0 until a node has it
  int64_t items_total = 0;  // its pictures
  double item_work = 0;     // work of one picture (item_plan.h); 0 means unknown
};

struct WaitingJobs {
  std::vector<WaitingJob> jobs;
  // Whether there are more.
  bool cut_off = false;
};

struct QueueLength {
  int64_t chunks = 0;
  int64_t oldest_us = 0;  // age of the oldest job
};

// Thread-safe. It only reads, and every error is the database's (storage/database.h).
class WorkQueue {
 public:
  explicit WorkQueue(Database& database) : database_(database) {}

  // Returns the most urgent jobs of each tenant and kind, by priority, then by age; about `limit`
  // in all, shared evenly among tenants and kinds. Jobs in back-off, which are not to be retried
  // yet, are left out.
  absl::StatusOr<WaitingJobs> Waiting(int limit);

  // Returns whether a job of at least that priority waits.
  absl::StatusOr<bool> AnyWaiting(int priority);

  // Returns the length of the queue, by kind.
  absl::StatusOr<std::map<std::string, QueueLength>> Queue();

  // Returns device-seconds by tenant, with a half-life of one hour.
  absl::StatusOr<std::map<std::string, double>> Usage();

 private:
  Database& database_;
};

}  // namespace imprint::gateway
