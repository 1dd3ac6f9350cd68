// What teaching minimises: the squared error of the network's prediction, as a function of the
// concept's vectors alone (Gal et al. 2022, "An Image is Worth One Word", equation 2).
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "engine/model/model_parts.h"
#include "text/clip_tokenizer.h"

namespace imprint {

// Samples that go through the networks at once.
struct TrainingBatch {
  at::Tensor latents;    // [b, 4, h, w] fp32, scaled
  at::Tensor noise;      // [b, 4, h, w] fp32
  at::Tensor timesteps;  // [b] int64
  std::vector<TokenizedPrompt> captions;
};

struct LossAndGradient {
  double loss;
  at::Tensor gradient;  // [n, d] fp32
};

// The sum of the batch's losses and its gradient with respect to `rows` [n, d] fp32, both divided
// by `total_samples`: adding up all batches of a step gives the step's means. Throws LibTorch's
// errors.
LossAndGradient ComputeGradient(const ModelParts& model, const TrainingBatch& batch,
                                const at::Tensor& rows, int64_t total_samples);

}  // namespace imprint
