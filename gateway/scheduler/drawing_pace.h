// Estimates how long pictures take, from what was observed: to choose the size of image-set chunks,
// and to tell people.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "gateway/jobs/item_plan.h"

namespace imprint::gateway {

// The fewest pictures in a chunk: a full batch of a sampler with the default batch.
inline constexpr int64_t kLeastChunkItems = 4;

// Returns the size of a chunk of about so many pictures that leaves no place of its batches empty,
// as long as its set has pictures.
constexpr int64_t InFullBatches(int64_t items, int64_t places) {
  return places > 0 ? std::max(items - items % places, places) : items;
}

// Thread-safe.
class DrawingPace {
 public:
  // Notes that a sampler drew `items` pictures of `work` each (gateway/jobs/item_plan.h) in that
  // time.
  void Note(const std::string& model, const std::string& precision, double work, int64_t items,
            absl::Duration took);

  // Returns how many pictures of `work` each take about `time`: kLeastChunkItems to
  // kMostChunkItems. It is the fewest while nothing was observed of the model, and the most if
  // `work` is not known.
  int64_t ItemsFor(const std::string& model, const std::string& precision, double work,
                   absl::Duration time) const;

  // Returns how long one sampler takes for `items` pictures of `work` each; nothing while nothing
  // was observed of the model. With the precision "auto" it is what the fastest one takes.
  std::optional<absl::Duration> TimeFor(const std::string& model, const std::string& precision,
                                        double work, int64_t items) const;

 private:
  mutable absl::Mutex mutex_;
  // Seconds per unit of work, by model and precision: a moving average that weighs newer values
  // more.
  std::map<std::pair<std::string, std::string>, double> seconds_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint::gateway
