// One evaluation of the network for a batch of pictures.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/model/unet.h"
#include "engine/sampling/batch_shape.h"

namespace imprint::engine {

// Keeps what the network reads of the prompts of a batch, for as long as the same pictures step.
// Not thread-safe.
class PromptJoin {
 public:
  // Returns one tensor for each cross-attention, [sum of prompts, tokens, 2 c].
  const PromptKeys& Of(const std::vector<PictureSlot*>& rows);

 private:
  std::vector<int64_t> pictures_;  // whose `joined_` is
  PromptKeys joined_;
};

// Evaluates the network once for all rows, and lets each picture take its solver's step. At least
// one place must be taken. Throws LibTorch's errors.
void StepBatch(const BatchPlaces& places, PromptJoin& prompts);

}  // namespace imprint::engine
