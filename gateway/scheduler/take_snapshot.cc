#include "gateway/scheduler/take_snapshot.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "base/status_macros.h"
#include "gateway/jobs/item_plan.h"
#include "gateway/jobs/job_id.h"
#include "gateway/peers/node_abilities.h"

namespace imprint::gateway {
namespace {

// About so many jobs are looked at in one tick.
constexpr int kSnapshotJobs = 10'000;

WorkKind KindOf(v1::NodeKind kind) {
  return kind == v1::NODE_KIND_SAMPLER ? WorkKind::kSampling : WorkKind::kTraining;
}

// A job's kind, as the stores have it.
WorkKind KindOf(absl::string_view kind) {
  return kind == "training" ? WorkKind::kTraining : WorkKind::kSampling;
}

bool IsGpu(const v1::NodeStatus& status) {
  return !status.devices().empty() && absl::StartsWith(status.devices(0).name(), "cuda");
}

// Slots that are free once the runs that were given to the node, but which it does not list yet,
// have begun.
int FreeSlots(const KnownNode& node, const std::vector<CurrentRun>& current) {
  const auto coming = std::count_if(current.begin(), current.end(), [&](const CurrentRun& run) {
    return run.node == node.status.node() && !run.cancelling && !node.Has(run.key);
  });
  return std::max<int>(node.status.free_slots() - static_cast<int>(coming), 0);
}

std::vector<NodeTraining> TrainingsOn(const KnownNode& node,
                                      const std::vector<CurrentRun>& current) {
  std::vector<NodeTraining> trainings;
  for (const CurrentRun& run : current) {
    if (run.node != node.status.node() || run.cancelling) continue;
    trainings.push_back({run.fingerprint, run.precision, run.priority});
  }
  return trainings;
}

// What sets draw at once that begin now, by their precision.
class AutomaticBatches {
 public:
  explicit AutomaticBatches(const std::vector<KnownNode>& nodes) : nodes_(nodes) {}

  int For(const std::string& precision) {
    const auto [batch, is_new] = batches_.try_emplace(precision);
    if (is_new) batch->second = AutomaticBatch(nodes_, precision);
    return batch->second;
  }

 private:
  const std::vector<KnownNode>& nodes_;
  std::map<std::string, int> batches_;
};

int PlacesOf(const WaitingJob& job, int automatic) {
  if (job.batch_places > 0) return job.batch_places;
  return static_cast<int>(std::min<int64_t>({automatic, job.items_total, kMostChunkItems}));
}

// Ranks of a gang come one after the other, rank 0 first.
void AddRun(const CurrentRun& run, std::vector<RunningWork>& runs) {
  std::string job = JobIdOf(run.key);
  if (run.key.rank() > 0 && !runs.empty() && runs.back().job == job) {
    ++runs.back().slots;
    return;
  }
  runs.push_back({.job = std::move(job),
                  .chunk = run.key.chunk(),
                  .node = run.node,
                  .kind = KindOf(run.kind),
                  .priority = run.priority,
                  .began_us = run.start_us,
                  .stopping = run.cancelling});
}

}  // namespace

absl::StatusOr<ClusterSnapshot> TakeSnapshot(WorkQueue& queue, Leases& leases, NodeTable& nodes) {
  ClusterSnapshot snapshot;
  ASSIGN_OR_RETURN(const auto waiting, queue.Waiting(kSnapshotJobs));
  ASSIGN_OR_RETURN(const auto current, leases.Current());
  ASSIGN_OR_RETURN(snapshot.usage, queue.Usage());
  const int64_t now_us = absl::ToUnixMicros(absl::Now());
  const std::vector<KnownNode> known = nodes.Nodes();
  const std::map<WorkKind, std::string> automatic = {
      {WorkKind::kTraining, AutomaticPrecision(known, v1::NODE_KIND_TRAINER)},
      {WorkKind::kSampling, AutomaticPrecision(known, v1::NODE_KIND_SAMPLER)}};
  AutomaticBatches batches(known);
  for (const WaitingJob& job : waiting.jobs) {
    const WorkKind kind = KindOf(job.kind);
    const std::string& precision = job.precision == "auto" ? automatic.at(kind) : job.precision;
    snapshot.waiting.push_back(
        {.job = job.id,
         .tenant = job.tenant,
         .kind = kind,
         .priority = job.priority,
         .slots = job.slots,
         .min_slots = job.min_slots,
         .chunks = job.chunks,
         .age_us = now_us - job.create_us,
         .model = job.fingerprint,
         .precision = precision,
         .places = kind == WorkKind::kSampling ? PlacesOf(job, batches.For(precision)) : 0,
         .item_work = job.item_work});
  }
  snapshot.cut_off = waiting.cut_off;
  for (const CurrentRun& run : current) {
    ++snapshot.running[run.tenant];
    AddRun(run, snapshot.runs);
  }
  for (const KnownNode& node : known) {
    if (!node.alive || node.status.draining()) continue;
    const auto& warm = node.status.warm_models();
    FreeNode free = {.node = node.status.node(),
                     .kind = KindOf(node.status.kind()),
                     .free_slots = FreeSlots(node, current),
                     .slots = node.status.slots(),
                     .warm_models = {warm.begin(), warm.end()},
                     .precisions = PrecisionsOf(node.status)};
    // One that does not say takes everything, as it always has.
    if (node.status.batch() > 0) {
      free.batch = std::max(node.status.batch(), node.status.largest_batch());
    }
    if (node.status.pack() > 1) {
      free.pack = node.status.pack();
      free.trainings = TrainingsOn(node, current);
    }
    if (IsGpu(node.status)) {
      free.device = "cuda";
      free.slots_of_a_gang = node.status.devices_size();
    }
    snapshot.nodes.push_back(std::move(free));
  }
  return snapshot;
}

}  // namespace imprint::gateway
