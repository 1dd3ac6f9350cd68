// Decides which waiting work starts where, now. A pure function over a snapshot: no clock, no
// database and no node is asked, and the same snapshot always gives the same decisions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace imprint::gateway {

// The kind of work that a node can do.
enum class WorkKind { kTraining, kSampling };

// A job whose chunks wait. A chunk that takes more than one slot is a gang: it gets its slots all
// at once, on nodes of its kind that compute on the same kind of device.
struct WaitingWork {
  std::string job;
  std::string tenant;
  WorkKind kind = WorkKind::kTraining;
  int priority = 0;    // higher goes first
  int slots = 1;       // the most that one chunk can use
  int min_slots = 0;   // enough to begin; 0 means all of them
  int64_t chunks = 1;  // chunks that wait
  int64_t age_us = 0;  // age since its creation; older goes first
  std::string model;   // fingerprint of its base model
  // The precision that it computes in: only nodes that have it may take the work.
  std::string precision = "fp32";
  // Places of its pictures' batches; only samplers that have as many may take it.
  int places = 0;
  // Work of one of its pictures; 0 means unknown.
  double item_work = 0;
};

// A training that a node has.
struct NodeTraining {
  std::string model;
  std::string precision;
  int priority = 0;
};

// A node that may take work.
struct FreeNode {
  std::string node;
  WorkKind kind = WorkKind::kTraining;
  int free_slots = 0;
  int slots = 0;  // total
  std::vector<std::string> warm_models;
  std::vector<std::string> precisions = {"fp32"};
  // The most pictures that it draws at once.
  int batch = 1 << 20;
  std::string device = "cpu";  // or "cuda"
  // The most slots that one gang may have on it: ranks do not share a GPU.
  int slots_of_a_gang = 1 << 20;
  // How many trainings of one model, precision and priority it computes together; whatever it has,
  // computes on its one device. 1 means that it packs none.
  int pack = 1;
  // What it has, if it packs.
  std::vector<NodeTraining> trainings;
};

// A run that holds slots on nodes.
struct RunningWork {
  std::string job;
  int64_t chunk = 0;
  std::string node;  // rank 0's, for a gang
  WorkKind kind = WorkKind::kTraining;
  int priority = 0;
  int slots = 1;
  int64_t began_us = 0;   // Unix time
  bool stopping = false;  // it was told to stop, to make room
};

struct ClusterSnapshot {
  std::vector<WaitingWork> waiting;
  std::vector<FreeNode> nodes;
  std::vector<RunningWork> runs;
  // Recent device-seconds of each tenant; a tenant that is not listed has used nothing.
  std::map<std::string, double> usage;
  // Slots that each tenant holds now.
  std::map<std::string, int64_t> running;
  // Whether more work waits than is listed; each tenant's most urgent work is listed.
  bool cut_off = false;
};

struct Policy {
  // The weight of each tenant's share; 1 if it is not listed.
  std::map<std::string, double> weights;
  // The estimated device-seconds of a chunk per slot, which placing it adds to its tenant's usage.
  double chunk_cost_seconds = 30;
  // A node that packs takes no work besides a more urgent training of at least this priority.
  int urgent = 3;
};

// One chunk of `job` starts on these nodes, one slot per entry; for a gang, in order of rank.
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

// Order: priority, then the tenant that has used least of its share (runs and chunks placed here
// count, slot by slot), then age, then name. A chunk starts with as many of its slots as are free,
// if these are enough, or not at all. A chunk that does not fit reserves the free slots of the
// nodes that would hold it if they were idle, against everything behind it. Preferred are
// samplers on GPUs, then those that draw the fewest chunks; trainers that pack, if they have the
// fewest trainings that the work cannot be packed with, then the fewest in all; then nodes that
// have the base model in memory, then those with the most free slots.
Decisions Decide(const ClusterSnapshot& now, const Policy& policy);

// Returns whether a node has what work of that precision and those places needs, were it idle.
// Any node has no precision, "".
bool MayTake(const FreeNode& node, absl::string_view precision, int places);

// Returns whether a node with these trainings keeps its free slots from work of that priority,
// because one of them is more urgent.
bool IsKeptFree(const std::vector<NodeTraining>& trainings, int priority, const Policy& policy);

// Returns how many waiting jobs of its kind go before this one, in that order with one chunk of
// each; -1 if it is not waiting.
int64_t JobsAhead(const ClusterSnapshot& now, const Policy& policy, const std::string& job);

}  // namespace imprint::gateway
