#include "gateway/scheduler/preemption.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace imprint::gateway {
namespace {

// What happens on the nodes of one kind.
class Kind {
 public:
  Kind(const ClusterSnapshot& now, WorkKind kind, const PreemptionPolicy& policy) : kind_(kind) {
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

  bool Is(WorkKind kind) const { return kind_ == kind; }

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
      GiveWay(*victim, work, preemptions);
      ClearFor(work, node, preemptions);
    }
  }

  // Has everything give way that would compute on the work's device, on a node that packs.
  void ClearFor(const WaitingWork& work, const std::string& node,
                std::vector<Preemption>& preemptions) {
    const auto found = nodes_.find(node);
    if (found == nodes_.end() || found->second->pack <= 1) return;
    for (const RunningWork*& run : yielding_) {
      if (run != nullptr && run->node == node) GiveWay(run, work, preemptions);
    }
  }

 private:
  static void GiveWay(const RunningWork*& run, const WaitingWork& work,
                      std::vector<Preemption>& preemptions) {
    preemptions.push_back({run->job, run->chunk, run->node, work.job});
    run = nullptr;
  }

  bool MayTake(const std::string& node, const WaitingWork& work) const {
    const auto found = nodes_.find(node);
    if (found == nodes_.end()) return false;
    const std::vector<std::string>& has = found->second->precisions;
    return std::find(has.begin(), has.end(), work.precision) != has.end();
  }

  const WorkKind kind_;
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
  Kind kinds[] = {Kind(now, WorkKind::kTraining, policy), Kind(now, WorkKind::kSampling, policy)};
  for (const WaitingWork* work : urgent) {
    const std::vector<const Placement*>& has = placements[work->job];
    for (Kind& kind : kinds) {
      if (!kind.Is(work->kind)) continue;
      for (const Placement* placement : has) {
        kind.ClearFor(*work, placement->nodes.front(), preemptions);
      }
      kind.MakeRoom(*work, work->chunks - static_cast<int64_t>(has.size()), preemptions);
    }
  }
  return preemptions;
}

}  // namespace imprint::gateway
