// Finds out by trial how many pictures a device should draw at once. This header needs no LibTorch:
// services include it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

#include "base/monotonic_seconds.h"
#include "engine/cuda/device_graph.h"
#include "engine/model/base_model.h"

namespace imprint::engine {

// How long one solver step of so many guided pictures takes.
struct BatchTime {
  int batch = 0;
  double seconds = 0;
};

struct BatchTrial {
  // The largest batch that is tried.
  int most = 32;
  // Seconds after which no larger batch is tried.
  double budget = 30;
  // Records graphs, if the pictures to come are to be drawn with them.
  RecordGraph record = nullptr;
  // A monotonic clock, in seconds.
  std::function<double()> seconds = MonotonicSeconds;
};

struct BatchTimes {
  // The smallest batch first; at least one.
  std::vector<BatchTime> times;
  // The largest batch that is not known to be too large for the memory.
  int largest = 0;
};

// Times steps of 1, 2, 4, ... pictures of the model's own size, and ends where doubling the batch
// hardly lowers the time per picture, where it does not fit into memory, or where it would exceed
// the budget. RESOURCE_EXHAUSTED if not even one picture fits. Call it only where nothing else
// computes in this process.
absl::StatusOr<BatchTimes> TimeBatches(const std::shared_ptr<const BaseModel>& model,
                                       const BatchTrial& trial);

// Returns the smallest batch that draws nearly as many pictures a second as the best: larger ones
// only make whoever waits for a picture wait longer. `times` is not empty.
int BestBatch(std::span<const BatchTime> times);

}  // namespace imprint::engine
