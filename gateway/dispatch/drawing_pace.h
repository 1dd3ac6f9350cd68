// How long a picture takes, as far as was seen: what chunks of an image set are measured by.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "gateway/jobs/item_plan.h"

namespace imprint::gateway {

// Fewest pictures of a chunk: a full batch of a sampler.
inline constexpr int64_t kLeastChunkItems = 4;

// Thread-safe.
class DrawingPace {
 public:
  // A sampler has drawn `items` pictures of `work` each (gateway/jobs/item_plan.h) in that time.
  void Note(const std::string& model, const std::string& precision, double work, int64_t items,
            absl::Duration took);

  // So many pictures of `work` each that they take about that long; the fewest while nothing was
  // seen of the model yet.
  int64_t ItemsFor(const std::string& model, const std::string& precision, double work,
                   absl::Duration time) const;

 private:
  mutable absl::Mutex mutex_;
  // Seconds that a unit of work takes, by model and precision; newer ones count more.
  std::map<std::pair<std::string, std::string>, double> seconds_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint::gateway
