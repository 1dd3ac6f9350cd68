#include "gateway/dispatch/gang_members.h"

#include <algorithm>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

#include "base/pause.h"
#include "gateway/peers/node_client.h"
#include "gateway/peers/node_watcher.h"
#include "services/server/log.h"

namespace imprint::gateway {
namespace {

constexpr absl::Duration kFollowAgainAfter = absl::Milliseconds(250);

}  // namespace

std::string HostOf(const RunNode& node) {
  const auto numeric = ResolveNodes(absl::StrCat("dns:", node.address));
  const std::string& address = numeric.ok() && !numeric->empty() ? numeric->front() : node.address;
  const std::string host = address.substr(0, address.rfind(':'));
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

// One of them, with its thread.
class GangMembers::Member {
 public:
  Member(GangMembers& gang, v1::RunKey key, RunNode node, OnBroken broken)
      : gang_(gang), key_(std::move(key)), node_(std::move(node)), broken_(std::move(broken)) {}

  void Begin(v1::StartTrainingRequest order) {
    if (thread_.joinable()) return;
    *order.mutable_run() = key_;
    order.mutable_gang()->set_own_host(HostOf(node_));
    thread_ = std::jthread([this, order = std::move(order)](const std::stop_token& stop) {
      if (const absl::Status begun = client_->Start(order); !begun.ok()) {
        return BreakWith(begun, stop);
      }
      IsListed();
      Follow(stop);
    });
  }

  void Adopt() {
    if (thread_.joinable()) return;
    IsListed();
    thread_ = std::jthread([this](const std::stop_token& stop) { Follow(stop); });
  }

  void RequestStop() { thread_.request_stop(); }

  void Join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  void IsListed() {
    const absl::MutexLock lock(&gang_.mutex_);
    gang_.Of(key_.rank()).listed = true;
  }

  void Follow(const std::stop_token& stop) {
    int64_t next_event = 1;
    bool ended = false;
    while (!ended && !stop.stop_requested()) {
      const absl::Status followed = client_->Attach(
          key_, next_event,
          [&](const v1::RunEvent& event) {
            next_event = event.number() + 1;
            ended = event.has_rank_done() || event.has_failure() || event.has_stopped();
            if (ended) Take(event, stop);
            return absl::OkStatus();
          },
          stop);
      if (ended || stop.stop_requested()) return;
      if (absl::IsNotFound(followed)) return BreakWith(followed, stop);
      // The stream broke; whether the node is gone is for its heartbeat to say.
      Pause(stop, kFollowAgainAfter);
    }
  }

  void Take(const v1::RunEvent& last, const std::stop_token& stop) {
    {
      const absl::MutexLock lock(&gang_.mutex_);
      gang_.Of(key_.rank()).end.last = last;
    }
    if (last.has_rank_done()) return;
    // Who was stopped has stopped with all the others, and rank 0 keeps what they reached.
    StopRankZero(last.has_stopped() ? v1::STOP_MODE_CHECKPOINT : v1::STOP_MODE_ABANDON, stop);
  }

  void StopRankZero(v1::StopMode mode, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const absl::Status told = broken_(mode);
      if (told.ok() || absl::IsNotFound(told)) return;
      Pause(stop, kFollowAgainAfter);
    }
  }

  void BreakWith(const absl::Status& error, const std::stop_token& stop) {
    LogWarning("a rank could not be started or is lost; rank 0 is told to stop",
               {{"job", key_.job()},
                {"attempt", key_.attempt()},
                {"rank", key_.rank()},
                {"node", node_.name},
                {"error", error.message()}});
    {
      const absl::MutexLock lock(&gang_.mutex_);
      gang_.Of(key_.rank()).end.error = error;
    }
    StopRankZero(v1::STOP_MODE_ABANDON, stop);
  }

  GangMembers& gang_;
  const v1::RunKey key_;
  const RunNode node_;
  const OnBroken broken_;
  const std::unique_ptr<NodeClient> client_ =
      NodeClient::Open(v1::NODE_KIND_TRAINER, node_.address);
  std::jthread thread_;
};

GangMembers::GangMembers(const v1::RunKey& run, const std::vector<RunNode>& nodes,
                         const OnBroken& broken)
    : run_(run) {
  for (size_t i = 1; i < nodes.size(); ++i) {
    const int rank = static_cast<int>(i);
    v1::RunKey key = run;
    key.set_rank(rank);
    known_.push_back({.end = {.rank = rank, .node = nodes[i].name}});
    members_.push_back(std::make_unique<Member>(*this, std::move(key), nodes[i], broken));
  }
}

GangMembers::~GangMembers() { RequestStop(); }

void GangMembers::RequestStop() {
  const absl::MutexLock beginning(&beginning_);
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  for (const auto& member : members_) member->RequestStop();
}

void GangMembers::Join() {
  for (const auto& member : members_) member->Join();
}

bool GangMembers::stopped() const {
  const absl::MutexLock lock(&mutex_);
  return stopped_;
}

void GangMembers::Begin(const v1::StartTrainingRequest& of_rank_zero, const v1::GangDoor& door) {
  v1::StartTrainingRequest order = of_rank_zero;
  *order.mutable_gang()->mutable_door() = door;
  // Theirs comes from rank 0.
  order.clear_checkpoint();
  const absl::MutexLock beginning(&beginning_);
  if (stopped()) return;
  for (const auto& member : members_) member->Begin(order);
}

void GangMembers::Adopt() {
  const absl::MutexLock beginning(&beginning_);
  if (stopped()) return;
  for (const auto& member : members_) member->Adopt();
}

std::vector<v1::RunKey> GangMembers::unlisted() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<v1::RunKey> keys;
  for (const Known& known : known_) {
    if (known.listed && !known.end.last && known.end.error.ok()) continue;
    keys.push_back(run_);
    keys.back().set_rank(known.end.rank);
  }
  return keys;
}

std::vector<RankEnd> GangMembers::AwaitEnds(absl::Duration patience) const {
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &GangMembers::Explained), patience);
  std::vector<RankEnd> ends;
  for (const Known& known : known_) ends.push_back(known.end);
  return ends;
}

bool GangMembers::Explained() const {
  const auto has_ended = [](const Known& known) {
    return known.end.last.has_value() || !known.end.error.ok();
  };
  return stopped_ || std::all_of(known_.begin(), known_.end(), has_ended) ||
         std::any_of(known_.begin(), known_.end(),
                     [](const Known& known) { return IsAtFault(known.end); });
}

}  // namespace imprint::gateway
