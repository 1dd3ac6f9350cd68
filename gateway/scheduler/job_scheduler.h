// Which waiting work starts where, now. A pure function over a snapshot: no clock, no database, no
// node is asked, and the same snapshot always gives the same decisions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace imprint::gateway {

// What a node can do.
enum class WorkKind { kTraining, kSampling };

// A job whose chunks wait. A chunk that takes more than one slot is a gang: it gets them at once,
// on nodes of its kind that compute on the same kind of device.
struct WaitingWork {
  std::string job;
  std::string tenant;
  WorkKind kind = WorkKind::kTraining;
  int priority = 0;    // higher goes first
  int slots = 1;       // that one chunk has use for
  int min_slots = 0;   // that are enough to begin; 0 is all of them
  int64_t chunks = 1;  // that wait
  int64_t age_us = 0;  // since it was created; older goes first
  std::string model;   // fingerprint of its base model
  // What it computes in: only nodes that have it may take it.
  std::string precision = "fp32";
  // Of one of its pictures; 0 is not known.
  double item_work = 0;
};

// A node that may take work.
struct FreeNode {
  std::string node;
  WorkKind kind = WorkKind::kTraining;
  int free_slots = 0;
  int slots = 0;  // in all
  std::vector<std::string> warm_models;
  std::vector<std::string> precisions = {"fp32"};
  std::string device = "cpu";  // or "cuda"
  // Slots that one gang may have of it: ranks do not share a GPU.
  int slots_of_a_gang = 1 << 20;
};

// A run that has slots of nodes.
struct RunningWork {
  std::string job;
  int64_t chunk = 0;
  std::string node;  // of a gang, rank 0's
  WorkKind kind = WorkKind::kTraining;
  int priority = 0;
  int slots = 1;
  int64_t began_us = 0;   // Unix time
  bool stopping = false;  // to make room
};

struct ClusterSnapshot {
  std::vector<WaitingWork> waiting;
  std::vector<FreeNode> nodes;
  std::vector<RunningWork> runs;
  // Recent device-seconds of each tenant; a tenant that is not there has used nothing.
  std::map<std::string, double> usage;
  // Slots of each tenant that are taken now.
  std::map<std::string, int64_t> running;
  // Whether more work waits than is here: each tenant's most urgent is.
  bool cut_off = false;
};

struct Policy {
  // What a tenant's share weighs; 1 if it is not there.
  std::map<std::string, double> weights;
  // Device-seconds that a chunk is thought to take of each slot: what placing it adds to its
  // tenant's usage.
  double chunk_cost_seconds = 30;
};

// One chunk of `job` starts on these nodes, one slot each entry; of a gang, by rank.
struct Placement {
  std::string job;
  std::vector<std::string> nodes;

  friend bool operator==(const Placement&, const Placement&) = default;
};

// Slots that are kept free for a gang that does not fit yet, so that smaller work behind it cannot
// starve it.
struct Reservation {
  std::string job;
  int slots = 0;

  friend bool operator==(const Reservation&, const Reservation&) = default;
};

struct Decisions {
  std::vector<Placement> placements;
  std::vector<Reservation> reservations;
};

// Order: priority, then the tenant that has used least of its share (what runs and what is placed
// here counts, slot by slot), then age, then name. A chunk starts with as many of its slots as are
// free, if these are enough, or not at all. One that does not fit keeps the free slots of the nodes
// that would hold it, if they were idle, from everything behind it.
// Nodes that have the base model in memory are chosen first, then those with most free slots.
Decisions Decide(const ClusterSnapshot& now, const Policy& policy);

// How many waiting jobs of its kind go before this one, in that order with a chunk of each; -1 if
// it does not wait.
int64_t JobsAhead(const ClusterSnapshot& now, const Policy& policy, const std::string& job);

}  // namespace imprint::gateway
