// What waits to be done, and who has had how much done: what the JobScheduler decides by.
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
  int slots = 1;       // that one chunk has use for at once
  int min_slots = 1;   // that it needs
  int64_t chunks = 1;  // that wait
  int64_t create_us = 0;
  std::string fingerprint;  // of the base model
  std::string precision;    // "fp32", "bf16", "fp16"
  double item_work = 0;     // of a picture (item_plan.h); 0 is not known
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

// Thread-safe; it only reads. Errors are the database's (storage/database.h).
class WorkQueue {
 public:
  explicit WorkQueue(Database& database) : database_(database) {}

  // The most urgent of each tenant and kind, by priority, then by age; about `limit` in all, which
  // tenants and kinds share evenly. Jobs that are not to be tried again yet are not among them.
  absl::StatusOr<WaitingJobs> Waiting(int limit);

  // Whether a job of at least that priority waits.
  absl::StatusOr<bool> AnyWaiting(int priority);

  // All that waits, by kind.
  absl::StatusOr<std::map<std::string, QueueLength>> Queue();

  // Device-seconds by tenant, halved every hour.
  absl::StatusOr<std::map<std::string, double>> Usage();

 private:
  Database& database_;
};

}  // namespace imprint::gateway
