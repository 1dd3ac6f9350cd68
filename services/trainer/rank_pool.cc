#include "services/trainer/rank_pool.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"

#include "base/status_macros.h"
#include "rpc/status.h"
#include "services/server/log.h"

namespace imprint::trainer {

absl::Status RankPool::Warm() {
  for (int i = 0; i < Needed(); ++i) {
    RETURN_IF_ERROR(Spawn(options_.threads, {}).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<RankProcess>> RankPool::Take(RankNeed need,
                                                            const std::stop_token& stop) {
  if (need.threads == 0) need.threads = options_.threads;
  ASSIGN_OR_RETURN(std::shared_ptr<RankProcess> rank, Choose(need));
  const absl::Status ready = rank->AwaitReady(absl::Now() + options_.start_patience, stop);
  if (ready.ok()) return rank;
  if (absl::IsCancelled(ready)) {
    Return(std::move(rank));
    return ready;
  }
  rank->Kill();
  CountCrash(*rank);
  return WithReason(ready, absl::IsUnavailable(ready) ? "RANK_CRASHED" : "RANK_NOT_READY");
}

absl::StatusOr<std::shared_ptr<RankProcess>> RankPool::Choose(const RankNeed& need) {
  const absl::MutexLock one_at_a_time(&choosing_);
  if (auto rank = Share(need); rank != nullptr) return rank;
  if (auto rank = TakeIdle(need); rank != nullptr) return rank;
  DropIdleBeyondNeed();
  return Spawn(need.threads, {.runs = 1, .need = need});
}

void RankPool::Loaded(const RankProcess& rank, const std::string& model) {
  const absl::MutexLock lock(&mutex_);
  if (Member* member = Find(rank); member != nullptr) member->model = model;
}

void RankPool::Return(std::shared_ptr<RankProcess> rank) {
  // Ended outside of the lock: it waits for the child.
  std::shared_ptr<RankProcess> dropped;
  const absl::MutexLock lock(&mutex_);
  Member* member = Find(*rank);
  if (closed_ || member == nullptr || --member->runs > 0) return;
  if (member->retired || Idle() >= Needed()) {
    dropped = std::move(rank);
    return;
  }
  member->idle = std::move(rank);
}

bool RankPool::Retire(const RankProcess& rank) {
  const absl::MutexLock lock(&mutex_);
  Member* member = Find(rank);
  if (member == nullptr) return false;
  member->retired = true;
  return member->runs > 1;
}

void RankPool::CountCrash(const RankProcess& rank) {
  const absl::MutexLock lock(&mutex_);
  Member* member = Find(rank);
  if (member == nullptr || !std::exchange(member->crashed, true)) crashes_.Increment();
}

void RankPool::Tidy() {
  // Ended outside of the lock: it waits for the child.
  std::vector<std::shared_ptr<RankProcess>> dropped;
  {
    const absl::MutexLock lock(&mutex_);
    for (Member& member : members_) {
      if (member.idle != nullptr && member.idle->ending())
        dropped.push_back(std::move(member.idle));
    }
  }
  for (const auto& rank : dropped) {
    CountCrash(*rank);
    LogWarning("an idle imprint-rank process ended; a run that needs one starts another",
               {{"pid", rank->pid()}, {"how", *rank->ending()}});
  }
  dropped.clear();
  const absl::MutexLock lock(&mutex_);
  std::erase_if(members_, [](const Member& member) { return member.rank.expired(); });
}

std::vector<std::string> RankPool::WarmModels() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::string> fingerprints;
  for (const Member& member : members_) {
    if (!member.model.empty() && !member.rank.expired()) fingerprints.push_back(member.model);
  }
  std::sort(fingerprints.begin(), fingerprints.end());
  fingerprints.erase(std::unique(fingerprints.begin(), fingerprints.end()), fingerprints.end());
  return fingerprints;
}

int64_t RankPool::MemoryBytes() const {
  std::vector<std::shared_ptr<RankProcess>> ranks;
  {
    const absl::MutexLock lock(&mutex_);
    for (const Member& member : members_) ranks.push_back(member.rank.lock());
  }
  int64_t bytes = 0;
  for (const auto& rank : ranks) bytes += rank == nullptr ? 0 : rank->MemoryBytes();
  return bytes;
}

void RankPool::Close() {
  std::vector<std::shared_ptr<RankProcess>> ranks;
  {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
    for (Member& member : members_) {
      ranks.push_back(member.rank.lock());
      member.idle = nullptr;
    }
  }
  for (const auto& rank : ranks) {
    if (rank != nullptr) rank->Kill();
  }
}

absl::StatusOr<std::shared_ptr<RankProcess>> RankPool::Spawn(int threads, Member member) {
  ASSIGN_OR_RETURN(std::shared_ptr<RankProcess> rank,
                   RankProcess::Spawn(options_.command, threads));
  LogInfo("started an imprint-rank process", {{"pid", rank->pid()}, {"threads", threads}});
  const absl::MutexLock lock(&mutex_);
  if (closed_) return absl::CancelledError("the node ends");
  member.rank = rank;
  if (member.runs == 0) member.idle = rank;
  members_.push_back(std::move(member));
  return rank;
}

std::shared_ptr<RankProcess> RankPool::Share(const RankNeed& need) {
  if (need.alone) return nullptr;
  const absl::MutexLock lock(&mutex_);
  for (Member& member : members_) {
    if (member.runs == 0 || member.runs >= options_.pack || member.retired) continue;
    std::shared_ptr<RankProcess> rank = member.rank.lock();
    if (member.need != need || rank == nullptr || rank->ending()) continue;
    ++member.runs;
    return rank;
  }
  return nullptr;
}

std::shared_ptr<RankProcess> RankPool::TakeIdle(const RankNeed& need) {
  const absl::MutexLock lock(&mutex_);
  Member* best = nullptr;
  // The model in memory, then none, then another one.
  const auto rank_of = [&](const Member& member) {
    return member.model == need.kind.model ? 0 : member.model.empty() ? 1 : 2;
  };
  for (Member& member : members_) {
    if (member.idle == nullptr || member.idle->threads() != need.threads || member.idle->ending()) {
      continue;
    }
    if (best == nullptr || rank_of(member) < rank_of(*best)) best = &member;
  }
  if (best == nullptr) return nullptr;
  // It will load another one.
  if (best->model != need.kind.model) best->model.clear();
  best->runs = 1;
  best->need = need;
  return std::exchange(best->idle, nullptr);
}

RankPool::Member* RankPool::Find(const RankProcess& rank) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
    return member.rank.lock().get() == &rank;
  });
  return found == members_.end() ? nullptr : &*found;
}

int RankPool::Living() const {
  return static_cast<int>(std::count_if(members_.begin(), members_.end(), [](const Member& member) {
    return !member.rank.expired();
  }));
}

int RankPool::Idle() const {
  return static_cast<int>(std::count_if(members_.begin(), members_.end(), [](const Member& member) {
    return member.idle != nullptr;
  }));
}

void RankPool::DropIdleBeyondNeed() {
  // Ended outside of the lock: it waits for the child.
  std::vector<std::shared_ptr<RankProcess>> dropped;
  const absl::MutexLock lock(&mutex_);
  int living = Living();
  for (Member& member : members_) {
    if (living < Needed()) break;
    if (member.idle == nullptr) continue;
    dropped.push_back(std::exchange(member.idle, nullptr));
    --living;
  }
}

}  // namespace imprint::trainer
