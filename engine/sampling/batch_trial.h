// Finds out by trial how many pictures a device should draw at once. This header needs no LibTorch:
// services include it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

#include "engine/cuda/device_graph.h"
#include "engine/model/base_model.h"

namespace imprint::engine {

// How long one solver step of so many guided pictures takes.
struct BatchTime {
  int batch = 0;
  double seconds = 0;
};

double SteadySeconds();

struct BatchTrial {
  // The largest batch that is tried.
  int most = 32;
  // Seconds after which no larger batch is tried.
  double budget = 60;
  // Records graphs, if the pictures to come are to be drawn with them.
  RecordGraph record = nullptr;
  // A monotonic clock, in seconds.
  std::function<double()> seconds = SteadySeconds;
};

// Times steps of 1, 2, 4, ... pictures of the model's own size, smallest batch first, and ends with
// the first that is hardly faster a picture than the one before, that does not fit into memory, or
// that would exceed the budget. Returns at least one time. RESOURCE_EXHAUSTED if not even one
// picture fits. Call it only where nothing else computes in this process.
absl::StatusOr<std::vector<BatchTime>> TimeBatches(const std::shared_ptr<const BaseModel>& model,
                                                   const BatchTrial& trial);

// Returns the smallest batch that draws nearly as many pictures a second as the best: larger ones
// only make whoever waits for a picture wait longer. `times` is not empty.
int BestBatch(std::span<const BatchTime> times);

}  // namespace imprint::engine
