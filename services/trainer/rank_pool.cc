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
  for (int i = 0; i < options_.slots; ++i) {
    RETURN_IF_ERROR(Spawn(options_.threads, /*idle=*/true).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<RankProcess>> RankPool::Take(int threads,
                                                            const std::string& fingerprint,
                                                            const std::stop_token& stop) {
  if (threads == 0) threads = options_.threads;
  std::shared_ptr<RankProcess> rank = TakeIdle(threads, fingerprint);
  if (rank == nullptr) {
    DropIdleOverSlots();
    ASSIGN_OR_RETURN(rank, Spawn(threads, /*idle=*/false));
  }
  const absl::Status ready = rank->AwaitReady(absl::Now() + options_.start_patience, stop);
  if (ready.ok()) return rank;
  if (absl::IsCancelled(ready)) {
    Return(std::move(rank));
    return ready;
  }
  rank->Kill();
  CountCrash();
  return WithReason(ready, absl::IsUnavailable(ready) ? "RANK_CRASHED" : "RANK_NOT_READY");
}

void RankPool::Loaded(const RankProcess& rank, const std::string& fingerprint) {
  const absl::MutexLock lock(&mutex_);
  for (Member& member : members_) {
    if (member.rank.lock().get() == &rank) member.fingerprint = fingerprint;
  }
}

void RankPool::Return(std::shared_ptr<RankProcess> rank) {
  // Ended outside of the lock: it waits for the child.
  std::shared_ptr<RankProcess> dropped;
  const absl::MutexLock lock(&mutex_);
  if (closed_) return;
  // One run's next attempt may have had to have a child of its own.
  if (Living() > options_.slots) {
    dropped = std::move(rank);
    return;
  }
  for (Member& member : members_) {
    if (member.rank.lock() != rank) continue;
    member.idle = std::move(rank);
    return;
  }
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
    CountCrash();
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
    if (!member.fingerprint.empty() && !member.rank.expired()) {
      fingerprints.push_back(member.fingerprint);
    }
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

absl::StatusOr<std::shared_ptr<RankProcess>> RankPool::Spawn(int threads, bool idle) {
  ASSIGN_OR_RETURN(std::shared_ptr<RankProcess> rank,
                   RankProcess::Spawn(options_.command, threads));
  LogInfo("started an imprint-rank process", {{"pid", rank->pid()}, {"threads", threads}});
  const absl::MutexLock lock(&mutex_);
  if (closed_) return absl::CancelledError("the node ends");
  members_.push_back({.rank = rank, .idle = idle ? rank : nullptr});
  return rank;
}

std::shared_ptr<RankProcess> RankPool::TakeIdle(int threads, const std::string& fingerprint) {
  const absl::MutexLock lock(&mutex_);
  Member* best = nullptr;
  // The model in memory, then none, then another one.
  const auto rank_of = [&](const Member& member) {
    return member.fingerprint == fingerprint ? 0 : member.fingerprint.empty() ? 1 : 2;
  };
  for (Member& member : members_) {
    if (member.idle == nullptr || member.idle->threads() != threads || member.idle->ending()) {
      continue;
    }
    if (best == nullptr || rank_of(member) < rank_of(*best)) best = &member;
  }
  if (best == nullptr) return nullptr;
  // It will load another one.
  if (best->fingerprint != fingerprint) best->fingerprint.clear();
  return std::exchange(best->idle, nullptr);
}

int RankPool::Living() const {
  return static_cast<int>(std::count_if(members_.begin(), members_.end(), [](const Member& member) {
    return !member.rank.expired();
  }));
}

void RankPool::DropIdleOverSlots() {
  // Ended outside of the lock: it waits for the child.
  std::vector<std::shared_ptr<RankProcess>> dropped;
  const absl::MutexLock lock(&mutex_);
  int living = Living();
  for (Member& member : members_) {
    if (living < options_.slots) break;
    if (member.idle == nullptr) continue;
    dropped.push_back(std::exchange(member.idle, nullptr));
    --living;
  }
}

}  // namespace imprint::trainer
