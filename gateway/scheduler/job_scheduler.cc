#include "gateway/scheduler/job_scheduler.h"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace imprint::gateway {
namespace {

bool Older(const WaitingWork* a, const WaitingWork* b) {
  return std::make_tuple(-a->age_us, std::cref(a->job)) <
         std::make_tuple(-b->age_us, std::cref(b->job));
}

// Hands out chunks in the order of Decide. After each chunk the tenant stands further back.
class FairOrder {
 public:
  FairOrder(const ClusterSnapshot& now, const Policy& policy) {
    absl::flat_hash_map<absl::string_view, size_t> tenants;
    absl::flat_hash_map<std::pair<int, size_t>, size_t> lines;
    for (const WaitingWork& work : now.waiting) {
      const auto [tenant, is_new] = tenants.try_emplace(work.tenant, tenants_.size());
      if (is_new) tenants_.push_back(TenantOf(work.tenant, now, policy));
      const auto [line, begins] = lines.try_emplace({work.priority, tenant->second}, lines_.size());
      if (begins) lines_.push_back({.priority = work.priority, .tenant = tenant->second});
      lines_[line->second].work.push_back(&work);
    }
    for (size_t i = 0; i < lines_.size(); ++i) {
      std::sort(lines_[i].work.begin(), lines_[i].work.end(), Older);
      Push(i);
    }
  }

  // The next chunk's work; nullptr at the end.
  const WaitingWork* Next() {
    if (ready_.empty()) return nullptr;
    last_ = ready_.top().line;
    ready_.pop();
    Line& line = lines_[last_];
    const WaitingWork* work = line.work[line.next];
    if (++line.taken >= work->chunks) {
      ++line.next;
      line.taken = 0;
    }
    return work;
  }

  // What becomes of the chunk that Next gave: a placed one counts for its tenant.
  void Placed(int slots) {
    Tenant& tenant = tenants_[lines_[last_].tenant];
    tenant.share += tenant.share_of_a_slot * slots;
    Push(last_);
  }
  // One that does not fit: its job's other chunks will not either.
  void PassedOver() {
    Line& line = lines_[last_];
    // 0 if it was its job's last chunk: Next has gone on to the next job already.
    if (line.taken > 0) {
      ++line.next;
      line.taken = 0;
    }
    Push(last_);
  }

 private:
  struct Tenant {
    absl::string_view name;
    double share = 0;            // used so far, by weight
    double share_of_a_slot = 0;  // what placing one adds
  };

  // A tenant's work at one priority, oldest first.
  struct Line {
    int priority = 0;
    size_t tenant = 0;
    std::vector<const WaitingWork*> work;
    size_t next = 0;
    int64_t taken = 0;  // chunks of work[next] that were looked at
  };

  struct Ready {
    int priority;
    double share;
    int64_t age_us;
    absl::string_view tenant;
    size_t line;

    // The queue gives its greatest: the one that goes first.
    bool operator<(const Ready& other) const {
      return std::tie(other.priority, share, other.age_us, tenant) >
             std::tie(priority, other.share, age_us, other.tenant);
    }
  };

  static Tenant TenantOf(const std::string& name, const ClusterSnapshot& now,
                         const Policy& policy) {
    const auto value = [&](const auto& map, double fallback) {
      const auto found = map.find(name);
      return found == map.end() ? fallback : static_cast<double>(found->second);
    };
    // A tenant whose weight is 0 stands behind all others.
    const double weight = std::max(value(policy.weights, 1), 1e-9);
    // A run is charged when it ends (gateway/jobs/tenant_usage.h); until then it counts as what a
    // chunk is estimated to take.
    const double used = value(now.usage, 0) + policy.chunk_cost_seconds * value(now.running, 0);
    return {.name = name,
            .share = used / weight,
            .share_of_a_slot = policy.chunk_cost_seconds / weight};
  }

  void Push(size_t index) {
    const Line& line = lines_[index];
    if (line.next >= line.work.size()) return;
    const Tenant& tenant = tenants_[line.tenant];
    ready_.push({line.priority, tenant.share, line.work[line.next]->age_us, tenant.name, index});
  }

  std::vector<Tenant> tenants_;
  std::vector<Line> lines_;
  std::priority_queue<Ready> ready_;
  size_t last_ = 0;
};

// Slots of a chunk that are enough to begin it.
int Enough(const WaitingWork& work) { return work.min_slots > 0 ? work.min_slots : work.slots; }

// The nodes of one kind, and what is still free on them.
class Slots {
 public:
  Slots(const ClusterSnapshot& now, WorkKind kind, const Policy& policy)
      : kind_(kind), policy_(policy) {
    for (const FreeNode& node : now.nodes) {
      if (node.kind != kind) continue;
      uint32_t precisions = 0;
      for (const std::string& name : node.precisions) precisions |= NewBit(name);
      const Group group = {node.device, precisions, node.batch};
      free_[group] += node.free_slots;
      nodes_.push_back(
          {.node = &node, .left = node.free_slots, .group = group, .trainings = node.trainings});
      devices_.insert(node.device);
    }
    std::sort(nodes_.begin(), nodes_.end(),
              [](const Left& a, const Left& b) { return a.node->node < b.node->node; });
  }

  // On nodes that may take the work.
  int FreeFor(const WaitingWork& work) const {
    const uint32_t precision = Bit(work.precision);
    int free = 0;
    for (const auto& [group, slots] : free_) {
      if (group.Has(precision, work.places) && IsOpen(group)) free += slots;
    }
    return free;
  }

  bool NoneLeft() const {
    return std::all_of(free_.begin(), free_.end(), [&](const auto& group) {
      return group.second == 0 || !IsOpen(group.first);
    });
  }

  // Keeps the nodes that would hold a chunk, if they were idle, from everything that comes later.
  // False if there are none.
  bool CloseFor(const WaitingWork& work) {
    // Those of a node that is kept free for more urgent work are not to be had, for nobody knows
    // how long.
    const auto all = [&](const Left& each) {
      return IsKeptFree(each.trainings, work.priority, policy_)
                 ? 0
                 : std::max(each.node->slots, each.left);
    };
    bool any = false;
    for (const absl::string_view device : devices_) {
      if (RoomOn(device, work, all) < Enough(work)) continue;
      closed_.insert({device, Bit(work.precision), work.places});
      any = true;
    }
    return any;
  }

  // As many slots of a chunk as there are, or none.
  std::vector<std::string> Take(const WaitingWork& work) {
    std::vector<std::string> taken;
    // Most work of a long queue finds nothing, and learns so from a few groups of nodes.
    if (FreeFor(work) < Enough(work)) return taken;
    const auto free = [&](const Left& each) { return IsOpenFor(each, work) ? each.left : 0; };
    absl::string_view device;
    int room = 0;
    // Of two that do, GPUs.
    for (auto each = devices_.rbegin(); each != devices_.rend(); ++each) {
      if (const int on = std::min(RoomOn(*each, work, free), work.slots); on > room) {
        device = *each;
        room = on;
      }
    }
    if (room < Enough(work)) return taken;
    const uint32_t precision = Bit(work.precision);
    for (Left& each : nodes_) each.of_chunk = 0;
    for (int i = 0; i < room; ++i) {
      Left& best =
          *std::max_element(nodes_.begin(), nodes_.end(), [&](const Left& a, const Left& b) {
            return Preference(a, device, work, precision) < Preference(b, device, work, precision);
          });
      --best.left;
      ++best.of_chunk;
      --free_[best.group];
      if (best.node->pack > 1)
        best.trainings.push_back({work.model, work.precision, work.priority});
      taken.push_back(best.node->node);
    }
    return taken;
  }

 private:
  // What nodes have in common that are alike to work; or what work needs that closes them.
  struct Group {
    absl::string_view device;
    uint32_t precisions;  // bits
    int batch;

    bool operator<(const Group& other) const {
      return std::tie(device, precisions, batch) <
             std::tie(other.device, other.precisions, other.batch);
    }
    // Whether they have what work needs.
    bool Has(uint32_t precision, int places) const {
      return (precisions & precision) != 0 && batch >= places;
    }
  };

  struct Left {
    const FreeNode* node;
    int left;
    Group group;
    std::vector<NodeTraining> trainings;  // with those that were placed
    int of_chunk = 0;                     // taken by the chunk that is being placed
  };

  // 0 for what no node has.
  uint32_t Bit(absl::string_view precision) const {
    const auto found = bits_.find(precision);
    return found == bits_.end() ? 0 : found->second;
  }
  // Work finds no node beyond 31 different ones, which nobody has.
  uint32_t NewBit(absl::string_view precision) {
    return bits_.try_emplace(precision, bits_.size() < 31 ? 1U << bits_.size() : 0).first->second;
  }

  bool IsOpen(const Group& group) const {
    return std::none_of(closed_.begin(), closed_.end(), [&](const Group& work) {
      return group.device == work.device && group.Has(work.precisions, work.batch);
    });
  }

  bool IsOpenFor(const Left& node, const WaitingWork& work) const {
    return IsOpen(node.group) && !IsKeptFree(node.trainings, work.priority, policy_);
  }

  // Who is alone takes any device.
  bool Suits(const Left& node, absl::string_view device, const WaitingWork& work,
             uint32_t precision) const {
    return (work.slots == 1 || node.node->device == device) &&
           node.group.Has(precision, work.places);
  }

  // Slots of a node that one chunk may have.
  static int MostOf(const FreeNode& node, const WaitingWork& work) {
    return work.slots == 1 ? 1 : node.slots_of_a_gang;
  }

  // What a chunk finds on nodes of one kind of device, `count` slots each.
  template <typename Count>
  int RoomOn(absl::string_view device, const WaitingWork& work, Count&& count) const {
    const uint32_t precision = Bit(work.precision);
    int room = 0;
    for (const Left& each : nodes_) {
      if (!Suits(each, device, work, precision)) continue;
      room += std::min(count(each), MostOf(*each.node, work));
    }
    return room;
  }

  // What computes beside the work and is not packed with it, and what is.
  std::pair<int, int> Neighbours(const Left& node, const WaitingWork& work) const {
    // The chunks of a sampler share its one device, whatever its slots.
    if (kind_ == WorkKind::kSampling) return {std::max(node.node->slots - node.left, 0), 0};
    const auto packed = std::count_if(
        node.trainings.begin(), node.trainings.end(), [&](const NodeTraining& training) {
          return work.slots == 1 && training.model == work.model &&
                 training.precision == work.precision && training.priority == work.priority;
        });
    return {static_cast<int>(node.trainings.size()) - static_cast<int>(packed),
            static_cast<int>(packed)};
  }

  std::tuple<bool, bool, int, int, bool, int> Preference(const Left& node, absl::string_view device,
                                                         const WaitingWork& work,
                                                         uint32_t precision) const {
    const auto& warm = node.node->warm_models;
    const auto [strangers, packed] = Neighbours(node, work);
    return {node.left > 0 && Suits(node, device, work, precision) && IsOpenFor(node, work) &&
                node.of_chunk < MostOf(*node.node, work),
            kind_ == WorkKind::kSampling && node.node->device == "cuda",
            -strangers,
            -packed,
            std::find(warm.begin(), warm.end(), work.model) != warm.end(),
            node.left};
  }

  const WorkKind kind_;
  const Policy& policy_;
  std::vector<Left> nodes_;
  std::set<absl::string_view> devices_;
  absl::flat_hash_map<absl::string_view, uint32_t> bits_;  // of precisions that nodes have
  std::map<Group, int> free_;                              // slots
  std::set<Group> closed_;  // by what work needs for which they are kept
};

}  // namespace

Decisions Decide(const ClusterSnapshot& now, const Policy& policy) {
  Decisions decisions;
  std::array<Slots, 2> kinds = {Slots(now, WorkKind::kTraining, policy),
                                Slots(now, WorkKind::kSampling, policy)};
  FairOrder order(now, policy);
  while (const WaitingWork* work = order.Next()) {
    if (kinds[0].NoneLeft() && kinds[1].NoneLeft()) break;
    Slots& slots = kinds[static_cast<size_t>(work->kind)];
    std::vector<std::string> nodes = slots.Take(*work);
    if (!nodes.empty()) {
      order.Placed(static_cast<int>(nodes.size()));
      decisions.placements.push_back({work->job, std::move(nodes)});
      continue;
    }
    order.PassedOver();
    const bool some_free = slots.FreeFor(*work) > 0;
    if (slots.CloseFor(*work) && some_free && Enough(*work) > 1) {
      decisions.reservations.push_back({work->job, Enough(*work)});
    }
  }
  return decisions;
}

bool MayTake(const FreeNode& node, absl::string_view precision, int places) {
  const std::vector<std::string>& has = node.precisions;
  return node.batch >= places &&
         (precision.empty() || std::find(has.begin(), has.end(), precision) != has.end());
}

bool IsKeptFree(const std::vector<NodeTraining>& trainings, int priority, const Policy& policy) {
  return std::any_of(trainings.begin(), trainings.end(), [&](const NodeTraining& training) {
    return training.priority >= policy.urgent && training.priority > priority;
  });
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
    order.Placed(work->slots);
  }
  return ahead;
}

}  // namespace imprint::gateway
