#include "gateway/scheduler/job_scheduler.h"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace imprint {
namespace {

// A tenant's work of one kind at one priority, oldest first.
struct Line {
  std::vector<const WaitingWork*> work;
  size_t next = 0;
  int64_t taken = 0;  // chunks of work[next] that were looked at
};

bool Older(const WaitingWork* a, const WaitingWork* b) {
  return std::make_tuple(-a->age_us, std::cref(a->job)) <
         std::make_tuple(-b->age_us, std::cref(b->job));
}

// Hands out chunks in the order of Decide. After each chunk the tenant stands further back.
class FairOrder {
 public:
  FairOrder(const ClusterSnapshot& now, const Policy& policy) : now_(now), policy_(policy) {
    for (const WaitingWork& work : now.waiting) {
      lines_[{-work.priority, work.tenant}].work.push_back(&work);
    }
    for (auto& [key, line] : lines_) {
      std::sort(line.work.begin(), line.work.end(), Older);
      Push(key);
    }
  }

  // The next chunk's work; nullptr at the end.
  const WaitingWork* Next() {
    if (ready_.empty()) return nullptr;
    const Key key = ready_.top().key;
    ready_.pop();
    Line& line = lines_[key];
    const WaitingWork* work = line.work[line.next];
    if (++line.taken >= work->chunks) {
      ++line.next;
      line.taken = 0;
    }
    last_ = key;
    return work;
  }

  // What becomes of the chunk that Next gave: a placed one counts for its tenant.
  void Placed() {
    ++placed_[last_.second];
    Push(last_);
  }
  // One that does not fit: its job's other chunks will not either.
  void PassedOver() {
    Line& line = lines_[last_];
    if (line.taken > 0) {
      ++line.next;
      line.taken = 0;
    }
    Push(last_);
  }

 private:
  using Key = std::pair<int, std::string>;  // minus priority, tenant

  struct Ready {
    int rank;
    double share;
    int64_t age_us;
    Key key;

    // The queue gives its greatest: the one that goes first.
    bool operator<(const Ready& other) const {
      return std::make_tuple(rank, share, -age_us, std::cref(key)) >
             std::make_tuple(other.rank, other.share, -other.age_us, std::cref(other.key));
    }
  };

  void Push(const Key& key) {
    const Line& line = lines_[key];
    if (line.next >= line.work.size()) return;
    ready_.push({key.first, Share(key.second), line.work[line.next]->age_us, key});
  }

  double Share(const std::string& tenant) const {
    const auto value = [&](const auto& map, double fallback) {
      const auto found = map.find(tenant);
      return found == map.end() ? fallback : static_cast<double>(found->second);
    };
    const double used = value(now_.usage, 0) +
                        policy_.chunk_cost_seconds * (value(now_.running, 0) + value(placed_, 0));
    return used / std::max(value(policy_.weights, 1), 1e-9);
  }

  const ClusterSnapshot& now_;
  const Policy& policy_;
  std::map<Key, Line> lines_;
  std::map<std::string, int64_t> placed_;
  std::priority_queue<Ready> ready_;
  Key last_;
};

// The nodes of one kind, and what is still free on them.
class Slots {
 public:
  Slots(const ClusterSnapshot& now, WorkKind kind) {
    for (const FreeNode& node : now.nodes) {
      if (node.kind != kind || node.free_slots <= 0) continue;
      free_ += node.free_slots;
      nodes_.push_back({&node, node.free_slots});
    }
    std::sort(nodes_.begin(), nodes_.end(),
              [](const Left& a, const Left& b) { return a.node->node < b.node->node; });
  }

  int free() const { return free_; }

  // All slots of a chunk, or none.
  std::vector<std::string> Take(const WaitingWork& work) {
    std::vector<std::string> taken;
    if (work.slots > free_) return taken;
    while (static_cast<int>(taken.size()) < work.slots) {
      Left& best = *std::max_element(
          nodes_.begin(), nodes_.end(),
          [&](const Left& a, const Left& b) { return Preference(a, work) < Preference(b, work); });
      --best.left;
      --free_;
      taken.push_back(best.node->node);
    }
    return taken;
  }

 private:
  struct Left {
    const FreeNode* node;
    int left;
  };

  static std::tuple<bool, bool, int> Preference(const Left& node, const WaitingWork& work) {
    const auto& warm = node.node->warm_models;
    return {node.left > 0, std::find(warm.begin(), warm.end(), work.model) != warm.end(),
            node.left};
  }

  std::vector<Left> nodes_;
  int free_ = 0;
};

}  // namespace

Decisions Decide(const ClusterSnapshot& now, const Policy& policy) {
  Decisions decisions;
  std::array<Slots, 2> slots = {Slots(now, WorkKind::kTraining), Slots(now, WorkKind::kSampling)};
  std::array<bool, 2> closed = {false, false};
  FairOrder order(now, policy);
  while (const WaitingWork* work = order.Next()) {
    const auto kind = static_cast<size_t>(work->kind);
    if (closed[0] && closed[1]) break;
    std::vector<std::string> nodes;
    if (!closed[kind]) nodes = slots[kind].Take(*work);
    if (!nodes.empty()) {
      decisions.placements.push_back({work->job, std::move(nodes)});
      order.Placed();
    } else {
      if (!closed[kind] && slots[kind].free() > 0) {
        decisions.reservations.push_back({work->job, work->slots});
      }
      closed[kind] = true;
      order.PassedOver();
    }
    for (size_t k = 0; k < slots.size(); ++k) closed[k] = closed[k] || slots[k].free() == 0;
  }
  return decisions;
}

int64_t JobsAhead(const ClusterSnapshot& now, const Policy& policy, const std::string& job) {
  const auto asked = std::find_if(now.waiting.begin(), now.waiting.end(),
                                  [&](const WaitingWork& work) { return work.job == job; });
  if (asked == now.waiting.end()) return -1;
  ClusterSnapshot jobs = {.usage = now.usage, .running = now.running};
  for (const WaitingWork& work : now.waiting) {
    if (work.kind != asked->kind) continue;
    jobs.waiting.push_back(work);
    jobs.waiting.back().chunks = 1;
  }
  FairOrder order(jobs, policy);
  int64_t ahead = 0;
  while (const WaitingWork* work = order.Next()) {
    if (work->job == job) return ahead;
    ++ahead;
    order.Placed();
  }
  return ahead;
}

}  // namespace imprint
