#include "gateway/scheduler/preemption.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace imprint::gateway {
namespace {

// What happens on the nodes of one kind.
class Kind {
 public:
  Kind(const ClusterSnapshot& now, WorkKind kind, const PreemptionPolicy& policy) {
    int slots = 0;
    for (const FreeNode& node : now.nodes) {
      if (node.kind != kind) continue;
      slots += std::max(node.slots, node.free_slots);
      nodes_[node.node] = &node;
    }
    may_hold_ = std::max(1, static_cast<int>(policy.share * slots));
    for (const RunningWork& run : now.runs) {
      if (run.kind != kind) continue;
      if (run.priority >= policy.urgent) may_hold_ -= run.slots;
      if (run.stopping) {
        // A stop takes seconds, in which every tick comes by here again.
        ++coming_free_;
      } else if (run.priority <= policy.yielding && run.slots == 1) {
        yielding_.push_back(&run);
      }
    }
    std::sort(yielding_.begin(), yielding_.end(), [](const RunningWork* a, const RunningWork* b) {
      return std::tie(a->began_us, a->job, a->chunk) > std::tie(b->began_us, b->job, b->chunk);
    });
  }

  // For as many chunks of the work, unless enough gives way already.
  void MakeRoom(const WaitingWork& work, int64_t chunks, std::vector<Preemption>& preemptions) {
    for (; chunks > 0 && may_hold_ > 0; --chunks, --may_hold_) {
      if (coming_free_ > 0) {
        --coming_free_;
        continue;
      }
      const auto victim = std::find_if(
          yielding_.begin(), yielding_.end(),
          [&](const RunningWork* run) { return run != nullptr && MayTake(run->node, work); });
      if (victim == yielding_.end()) return;
      const std::string& node = (*victim)->node;
      GiveWay(*victim, work.job, preemptions);
      ClearFor(work.job, node, preemptions);
    }
  }

  // On a node that packs, has everything give way that would compute beside the urgent job.
  void ClearFor(const std::string& urgent, const std::string& node,
                std::vector<Preemption>& preemptions) {
    const auto found = nodes_.find(node);
    if (found == nodes_.end() || found->second->pack <= 1) return;
    for (const RunningWork*& run : yielding_) {
      if (run == nullptr || run->node != node) continue;
      GiveWay(run, urgent, preemptions);
      ++coming_free_;
    }
  }

 private:
  static void GiveWay(const RunningWork*& run, const std::string& urgent,
                      std::vector<Preemption>& preemptions) {
    preemptions.push_back({run->job, run->chunk, run->node, urgent});
    run = nullptr;
  }

  bool MayTake(const std::string& node, const WaitingWork& work) const {
    const auto found = nodes_.find(node);
    return found != nodes_.end() && gateway::MayTake(*found->second, work.precision, work.places);
  }

  absl::flat_hash_map<absl::string_view, const FreeNode*> nodes_;
  int may_hold_ = 0;
  int coming_free_ = 0;
  std::vector<const RunningWork*> yielding_;  // the youngest first
};

}  // namespace

std::vector<Preemption> DecidePreemptions(const ClusterSnapshot& now,
                                          const std::vector<Placement>& placed,
                                          const PreemptionPolicy& policy) {
  std::map<absl::string_view, std::vector<const Placement*>> placements;
  for (const Placement& placement : placed) placements[placement.job].push_back(&placement);
  std::vector<const WaitingWork*> urgent;
  for (const WaitingWork& work : now.waiting) {
    const int enough = work.min_slots > 0 ? work.min_slots : work.slots;
    if (work.priority >= policy.urgent && enough == 1) urgent.push_back(&work);
  }
  std::sort(urgent.begin(), urgent.end(), [](const WaitingWork* a, const WaitingWork* b) {
    return std::tie(a->priority, a->age_us, b->job) > std::tie(b->priority, b->age_us, a->job);
  });
  std::vector<Preemption> preemptions;
  std::array<Kind, 2> kinds = {Kind(now, WorkKind::kTraining, policy),
                               Kind(now, WorkKind::kSampling, policy)};
  const auto of = [&](WorkKind kind) -> Kind& { return kinds[static_cast<size_t>(kind)]; };
  // At every look, in case that a stop was not heard.
  for (const RunningWork& run : now.runs) {
    if (run.priority < policy.urgent || run.stopping) continue;
    of(run.kind).ClearFor(run.job, run.node, preemptions);
  }
  // What leaves for those that were placed is room for the others.
  for (const WaitingWork* work : urgent) {
    for (const Placement* placement : placements[work->job]) {
      of(work->kind).ClearFor(work->job, placement->nodes.front(), preemptions);
    }
  }
  for (const WaitingWork* work : urgent) {
    const auto placed_chunks = static_cast<int64_t>(placements[work->job].size());
    of(work->kind).MakeRoom(*work, work->chunks - placed_chunks, preemptions);
  }
  return preemptions;
}

}  // namespace imprint::gateway
