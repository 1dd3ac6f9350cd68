// What to say when memory runs out.
#pragma once

#include <functional>

#include "absl/status/status.h"

#include "orders/precision.h"

namespace imprint {

// What a rank computes of a step.
struct StepShape {
  int batch;         // samples at once, at most
  int accumulation;  // batches an update
  int side;          // of pictures, in pixels
  bool gradient_checkpointing;
};

// Whether a batch of that shape goes through.
using FitsInMemory = std::function<bool(const StepShape&)>;

// An "out of memory" of a training with what `fits`, which is tried: fewer samples at once and then
// gradient checkpointing, which are the same training; then smaller pictures, in multiples of
// `size_multiple`; `precision` is what the model computes in. Any other status as it is.
absl::Status WithMemoryAdvice(const absl::Status& status, const StepShape& shape, int size_multiple,
                              Precision precision, const FitsInMemory& fits);

// Whether memory ran out.
bool IsOutOfMemory(const absl::Status& status);

}  // namespace imprint
