// Advice for a training that has run out of memory.
#pragma once

#include <functional>

#include "absl/status/status.h"

#include "orders/precision.h"

namespace imprint::engine {

// The dimensions of a training step.
struct StepShape {
  int batch;         // the most samples computed at once
  int accumulation;  // batches per update
  int side;          // side of the pictures, in pixels
  bool gradient_checkpointing;
};

// Returns whether a step of that shape fits into memory.
using FitsInMemory = std::function<bool(const StepShape&)>;

// Extends a training's out-of-memory status with advice on what would fit, found by trying `fits`:
// fewer samples at once and then gradient checkpointing, both of which leave the training the same;
// then smaller pictures, in multiples of `size_multiple`. `precision` is what the model computes
// in. Returns any other status unchanged.
absl::Status WithMemoryAdvice(const absl::Status& status, const StepShape& shape, int size_multiple,
                              Precision precision, const FitsInMemory& fits);

// Returns whether memory ran out.
bool IsOutOfMemory(const absl::Status& status);

}  // namespace imprint::engine
