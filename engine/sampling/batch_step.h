// One evaluation of the network for a batch of pictures.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/model/base_model.h"
#include "engine/sampling/batch_shape.h"
#include "engine/sampling/unet_evaluations.h"

namespace imprint::engine {

// Keeps what the network reads of the prompts of a batch, for as long as the rows have the same.
// Not thread-safe.
class PromptJoin {
 public:
  // Returns one tensor for each cross-attention, [sum of prompts, tokens, 2 c].
  const BatchPrompts& Of(const std::vector<PictureSlot*>& rows);
  // Forgets what it keeps.
  void Clear();

 private:
  std::vector<at::Tensor> parts_;  // the first layer's, of each row that `joined_` is of
  BatchPrompts joined_;
};

// Evaluates the network of the batch's model once for all rows, and lets each picture take its
// solver's step. At least one place must be taken. Throws LibTorch's errors.
void StepBatch(const std::shared_ptr<const BaseModel>& model, const BatchPlaces& places,
               PromptJoin& prompts, UnetEvaluations& evaluations);

}  // namespace imprint::engine
