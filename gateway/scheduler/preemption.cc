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
      preemptions.push_back({(*victim)->job, (*victim)->chunk, (*victim)->node, work.job});
      *victim = nullptr;
    }
  }

 private:
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
  std::map<absl::string_view, int64_t> chunks_placed;
  for (const Placement& placement : placed) ++chunks_placed[placement.job];
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
    const auto has = chunks_placed.find(work->job);
    const int64_t left = work->chunks - (has == chunks_placed.end() ? 0 : has->second);
    for (Kind& kind : kinds) {
      if (kind.Is(work->kind)) kind.MakeRoom(*work, left, preemptions);
    }
  }
  return preemptions;
}

}  // namespace imprint::gateway
