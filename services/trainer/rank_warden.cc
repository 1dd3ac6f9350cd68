#include "services/trainer/rank_warden.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "rpc/client_call.h"
#include "services/node/run_id.h"

namespace imprint::trainer {
namespace {

constexpr absl::Duration kWatchInterval = absl::Seconds(1);
constexpr absl::Duration kEndPatience = absl::Seconds(10);

}  // namespace

RankWarden::RankWarden(node::Run& run, RankProcess& rank, int64_t max_bytes,
                       std::function<void()> end_by_force)
    : run_(run),
      rank_(rank),
      max_bytes_(max_bytes),
      end_by_force_(std::move(end_by_force)),
      thread_([this] { Watch(); }) {}

void RankWarden::ExpectEnd() {
  const absl::MutexLock lock(&mutex_);
  expect_end_by_ = absl::Now() + kEndPatience;
}

void RankWarden::Dismiss() {
  if (!thread_.joinable()) return;
  {
    const absl::MutexLock lock(&mutex_);
    dismissed_ = true;
  }
  run_.changes().Notify();
  thread_.join();
}

bool RankWarden::lost_patience() const {
  const absl::MutexLock lock(&mutex_);
  return lost_patience_;
}

void RankWarden::Watch() {
  while (true) {
    const int64_t seen = run_.changes().count();
    absl::Time by = absl::InfiniteFuture();
    if (const auto order = run_.stop_order()) {
      Deliver(*order);
      by = order->by;
    }
    CheckMemory();
    {
      const absl::MutexLock lock(&mutex_);
      if (dismissed_) return;
      by = std::min(by, expect_end_by_);
      if (!lost_patience_ && absl::Now() >= by) {
        lost_patience_ = true;
        end_by_force_();
      }
      if (lost_patience_) by = absl::InfiniteFuture();
    }
    run_.changes().Wait(seen, std::min(by, absl::Now() + kWatchInterval));
  }
}

// Again until the child has heard it: it may not have begun yet.
void RankWarden::Deliver(const node::StopOrder& order) {
  if (told_to_keep_ && *told_to_keep_ == order.keep) return;
  v1::StopRankRequest request;
  *request.mutable_run() = node::ToProto(run_.id());
  request.set_mode(order.keep ? v1::STOP_MODE_CHECKPOINT : v1::STOP_MODE_ABANDON);
  ClientCall call({.timeout = absl::Seconds(2)});
  v1::StopRankResponse response;
  if (rank_.stub().Stop(&call.context(), request, &response).ok()) told_to_keep_ = order.keep;
}

void RankWarden::CheckMemory() {
  if (max_bytes_ == 0) return;
  const int64_t bytes = rank_.MemoryBytes();
  if (bytes <= max_bytes_) return;
  rank_.KillForMemory(absl::StrCat("uses ", bytes >> 20, " MiB of memory; --rank-memory-mb allows ",
                                   max_bytes_ >> 20));
}

}  // namespace imprint::trainer
