// The objective that training minimises: the squared error of the network's prediction, as a
// function of the concept's vectors alone (Gal et al. 2022, "An Image is Worth One Word", equation
// 2).
#pragma once

#include <cstdint>

#include <ATen/ATen.h>

#include "engine/model/model_parts.h"
#include "engine/model/prompt_tensors.h"

namespace imprint::engine {

// Samples that go through the networks at once, on the model's device.
struct TrainingBatch {
  at::Tensor latents;    // [b, 4, h, w] fp32, scaled
  at::Tensor noise;      // [b, 4, h, w] fp32
  at::Tensor timesteps;  // [b] int64
  PromptTensors captions;
};

// Both are on the model's device, which may still be computing them.
struct LossAndGradient {
  at::Tensor loss;      // [] fp32
  at::Tensor gradient;  // [n, d] fp32
};

// Returns the sum of the batch's losses and its gradient with respect to `rows` [n, d] fp32, both
// divided by `total_samples`, so that the sums over all batches of a step are the step's means.
// Waits for the device in fp16 only. `keeping` does not change the numbers. Throws LibTorch's
// errors.
LossAndGradient ComputeGradient(const ModelParts& model, const TrainingBatch& batch,
                                const at::Tensor& rows, int64_t total_samples,
                                Keeping keeping = Keeping::kAll);

}  // namespace imprint::engine
