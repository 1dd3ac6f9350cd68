// Keeps the expansions that were made last: a set of a million pictures is handed out chunk by
// chunk, and its plan is read once.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "sets/expansion.h"

namespace imprint::sets {

// Thread-safe.
class ExpansionCache {
 public:
  // Keeps at most so many, 1 or more: the ones that were asked for last.
  explicit ExpansionCache(size_t most = 16) : most_(most) {}

  // Returns the expansion of a plan's text. The errors are ParsePlan's and Expansion::Make's, with
  // "spec.plan" as the file's name. Two threads that ask for one at the same time make it once.
  absl::StatusOr<std::shared_ptr<const Expansion>> Of(const std::string& text);

 private:
  // One plan; whoever asks first makes it, and those who ask meanwhile wait for that alone.
  struct Entry {
    absl::Mutex mutex;
    std::shared_ptr<const Expansion> made ABSL_GUARDED_BY(mutex);
  };

  std::shared_ptr<Entry> EntryOf(const std::string& text);

  const size_t most_;
  absl::Mutex mutex_;
  // By the hashes of texts. The one that was asked for last is at the front.
  std::list<std::pair<std::string, std::shared_ptr<Entry>>> kept_ ABSL_GUARDED_BY(mutex_);
};

// Makes one. The errors are those above.
absl::StatusOr<std::shared_ptr<const Expansion>> Expand(const std::string& text);

}  // namespace imprint::sets
