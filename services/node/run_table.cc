#include "services/node/run_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "rpc/status.h"

namespace imprint::node {
namespace {

// Left of a drain's time for the end of a run to reach its readers.
constexpr absl::Duration kTimeToTell = absl::Seconds(2);

absl::Status UnknownRun(const RunId& id) {
  return absl::NotFoundError(absl::StrCat("run: this node does not know ", Describe(id)));
}

}  // namespace

absl::StatusOr<RunTable::Begun> RunTable::Begin(const RunId& id) {
  Begun begun;
  {
    const absl::MutexLock lock(&mutex_);
    // Before anything is refused: a Start whose answer was lost comes again.
    if (const auto found = entries_.find(id); found != entries_.end()) {
      return Begun{.run = found->second.run, .existed = true};
    }
    // Even where this one is then refused: nobody wants the lower attempts any more, and their
    // slots count as free from now on.
    if (Supersede(id)) {
      return WithReason(
          absl::AbortedError(absl::StrCat("run.attempt: got ", id.attempt,
                                          "; a later attempt was begun on this node already")),
          "SUPERSEDED");
    }
    if (draining_) {
      return WithReason(absl::UnavailableError("the node is draining"), "DRAINING");
    }
    if (BusySlots() >= options_.slots) {
      return WithRetryAfter(WithReason(absl::ResourceExhaustedError(absl::StrCat(
                                           "all ", options_.slots, " slots of the node are taken")),
                                       "NO_FREE_SLOT"),
                            absl::Seconds(1));
    }
    begun.run = std::make_shared<Run>(id, changes_);
    entries_.emplace(id, Entry{.run = begun.run, .alone_since = options_.now()});
    ForgetSomeEnded();
  }
  changes_.Notify();
  return begun;
}

absl::Status RunTable::Stop(const RunId& id, v1::StopMode mode, const std::string& reason) {
  const bool keep = mode != v1::STOP_MODE_ABANDON;
  std::shared_ptr<Run> run;
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return UnknownRun(id);
    run = found->second.run;
    // Who abandons it will not ask for its end: the next heartbeat no longer lists it.
    if (run->ended() && !keep) found->second.read_to_the_end = true;
  }
  if (run->ended()) return absl::OkStatus();
  const absl::Duration patience = keep ? options_.keep_patience : options_.abandon_patience;
  run->Stop({.keep = keep,
             .reason = reason,
             .finish_begun = mode == v1::STOP_MODE_PREEMPT,
             .by = options_.now() + patience});
  return absl::OkStatus();
}

absl::StatusOr<RunTable::Attachment> RunTable::Attach(const RunId& id) {
  const absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return UnknownRun(id);
  ++found->second.attached;
  return Attachment(*this, found->second.run);
}

RunTable::Attachment::~Attachment() {
  if (run_ == nullptr) return;
  {
    const absl::MutexLock lock(&table_->mutex_);
    // Gone if a higher attempt was begun and ended, and this one was forgotten.
    const auto found = table_->entries_.find(run_->id());
    if (found != table_->entries_.end() && found->second.run == run_) {
      --found->second.attached;
      found->second.alone_since = table_->options_.now();
    }
  }
  table_->changes_.Notify();
}

void RunTable::Attachment::ReadToTheEnd() {
  const absl::MutexLock lock(&table_->mutex_);
  const auto found = table_->entries_.find(run_->id());
  if (found != table_->entries_.end()) found->second.read_to_the_end = true;
}

void RunTable::Tidy() {
  const absl::Time now = options_.now();
  bool changed = false;
  {
    const absl::MutexLock lock(&mutex_);
    for (auto& [id, entry] : entries_) {
      if (entry.run->ended()) {
        if (!entry.ended_at) entry.ended_at = now;
      } else if (entry.attached == 0 && now - entry.alone_since >= options_.orphan_after &&
                 !entry.run->stop_order()) {
        entry.run->Stop({.keep = true,
                         .reason = absl::StrFormat("nobody was attached to it for %d seconds",
                                                   absl::ToInt64Seconds(options_.orphan_after)),
                         .by = now + options_.keep_patience});
      }
    }
    changed =
        std::erase_if(entries_, [&](const auto& item) { return Outdated(item.second, now); }) > 0;
  }
  if (changed) changes_.Notify();
}

void RunTable::Drain(absl::Time deadline) {
  {
    const absl::MutexLock lock(&mutex_);
    draining_ = true;
    for (auto& [id, entry] : entries_) {
      if (entry.run->ended()) continue;
      entry.run->Stop({.keep = true,
                       .reason = "the node is draining",
                       .draining = true,
                       .by = deadline - kTimeToTell});
    }
  }
  changes_.Notify();
}

void RunTable::AwaitQuiet(absl::Time deadline) {
  while (true) {
    // Counted before the look, so that a change in between ends the wait at once.
    const int64_t seen = changes_.count();
    if (Quiet() || options_.now() >= deadline) return;
    changes_.Wait(seen, deadline);
  }
}

void RunTable::Close() {
  {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  changes_.Notify();
}

bool RunTable::closed() const {
  const absl::MutexLock lock(&mutex_);
  return closed_;
}

RunTable::Snapshot RunTable::snapshot() const {
  const absl::MutexLock lock(&mutex_);
  Snapshot snapshot{.slots = options_.slots, .draining = draining_};
  if (!draining_) snapshot.free_slots = std::max(0, options_.slots - BusySlots());
  for (const auto& [id, entry] : entries_) {
    if (!entry.run->ended() || !entry.read_to_the_end) snapshot.runs.push_back(id);
  }
  return snapshot;
}

int RunTable::BusySlots() const {
  return static_cast<int>(std::count_if(entries_.begin(), entries_.end(), [](const auto& item) {
    return !item.second.superseded && !item.second.run->ended();
  }));
}

bool RunTable::Supersede(const RunId& id) {
  for (auto it = entries_.lower_bound({.job = id.job, .chunk = id.chunk, .attempt = 0});
       it != entries_.end() && it->first.job == id.job && it->first.chunk == id.chunk; ++it) {
    if (it->first.attempt > id.attempt) return true;
    // Another rank of the same gang.
    if (it->first.attempt == id.attempt) continue;
    Entry& entry = it->second;
    entry.superseded = true;
    // Nobody will ask for it.
    entry.read_to_the_end = true;
    if (entry.run->ended()) continue;
    entry.run->Stop({.keep = false,
                     .reason = absl::StrCat("superseded by attempt ", id.attempt),
                     .by = options_.now() + options_.abandon_patience});
  }
  return false;
}

bool RunTable::Outdated(const Entry& entry, absl::Time now) const {
  if (!entry.ended_at || entry.attached > 0) return false;
  return now - *entry.ended_at >=
         (entry.read_to_the_end ? options_.keep_read : options_.keep_unread);
}

void RunTable::ForgetSomeEnded() {
  std::vector<std::map<RunId, Entry>::iterator> ended;
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->second.run->ended() && it->second.attached == 0) ended.push_back(it);
  }
  if (ended.size() <= options_.max_ended) return;
  // Those first that were read, then the oldest.
  std::sort(ended.begin(), ended.end(), [](const auto& a, const auto& b) {
    const auto age = [](const Entry& entry) {
      return std::pair(!entry.read_to_the_end, entry.ended_at.value_or(absl::InfiniteFuture()));
    };
    return age(a->second) < age(b->second);
  });
  ended.resize(ended.size() - options_.max_ended);
  for (const auto& it : ended) entries_.erase(it);
}

bool RunTable::Quiet() const {
  const absl::MutexLock lock(&mutex_);
  return std::all_of(entries_.begin(), entries_.end(), [](const auto& item) {
    return item.second.run->ended() && item.second.attached == 0;
  });
}

}  // namespace imprint::node
