// What keeps jobs from coming to their end just now, such as a registry whose disk is full.
#pragma once

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace imprint::gateway {

// Thread-safe.
class Obstacles {
 public:
  void Set(const std::string& job_id, absl::string_view why) {
    const absl::MutexLock lock(&mutex_);
    by_job_[job_id] = std::string(why);
  }

  void Clear(const std::string& job_id) {
    const absl::MutexLock lock(&mutex_);
    by_job_.erase(job_id);
  }

  // Sets what is in the way of all jobs; empty means nothing.
  void SetForAll(absl::string_view why) {
    const absl::MutexLock lock(&mutex_);
    of_all_ = std::string(why);
  }

  // Returns what is in the way of a job; empty if nothing is.
  std::string Of(const std::string& job_id) const {
    const absl::MutexLock lock(&mutex_);
    const auto found = by_job_.find(job_id);
    return found == by_job_.end() ? of_all_ : found->second;
  }

 private:
  mutable absl::Mutex mutex_;
  std::string of_all_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::string> by_job_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint::gateway
