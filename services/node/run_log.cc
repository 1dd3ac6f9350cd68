#include "services/node/run_log.h"

#include <algorithm>
#include <utility>

namespace imprint::node {

bool IsLast(const v1::RunEvent& event) {
  switch (event.event_case()) {
    case v1::RunEvent::kTrainingResult:
    case v1::RunEvent::kChunkResult:
    case v1::RunEvent::kFailure:
    case v1::RunEvent::kStopped:
    case v1::RunEvent::kRankDone:
      return true;
    default:
      return false;
  }
}

bool RunLog::Append(v1::RunEvent event) {
  const absl::MutexLock lock(&mutex_);
  if (ended_) return false;
  if (event.has_progress()) newest_step_ = event.progress().step();
  if (event.has_checkpoint()) newest_step_ = event.checkpoint().step();
  MakeRoomFor(event);
  ended_ = IsLast(event);
  event.set_number(++last_number_);
  events_.push_back(std::make_shared<const v1::RunEvent>(std::move(event)));
  return true;
}

void RunLog::MakeRoomFor(const v1::RunEvent& event) {
  if (event.has_checkpoint()) {
    std::erase_if(events_, [](const RunEventPtr& old) {
      return old->has_progress() || old->has_checkpoint();
    });
    progress_kept_ = 0;
  }
  if (event.has_working()) {
    std::erase_if(events_, [](const RunEventPtr& old) { return old->has_working(); });
  }
  if (!event.has_progress()) return;
  if (progress_kept_ == kMaxProgress) {
    events_.erase(std::find_if(events_.begin(), events_.end(),
                               [](const RunEventPtr& old) { return old->has_progress(); }));
    --progress_kept_;
  }
  ++progress_kept_;
}

RunLog::Reading RunLog::Read(int64_t from, absl::Time deadline, size_t limit) const {
  // Called with the lock held, which the analysis does not see.
  const auto something = [this, from]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return ended_ || last_number_ >= from;
  };
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithDeadline(absl::Condition(&something), deadline);
  auto first = std::partition_point(events_.begin(), events_.end(),
                                    [from](const RunEventPtr& e) { return e->number() < from; });
  Reading reading;
  for (; first != events_.end() && reading.events.size() < limit; ++first) {
    reading.events.push_back(*first);
  }
  reading.complete = ended_ && first == events_.end();
  return reading;
}

bool RunLog::ended() const {
  const absl::MutexLock lock(&mutex_);
  return ended_;
}

int64_t RunLog::newest_step() const {
  const absl::MutexLock lock(&mutex_);
  return newest_step_;
}

}  // namespace imprint::node
