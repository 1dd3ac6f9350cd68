// The objective that training minimises: the squared error of the network's prediction, as a
// function of the concept's vectors alone (Gal et al. 2022, "An Image is Worth One Word", equation
// 2).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

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

// What a training asks to have computed next.
struct GradientRequest {
  TrainingBatch batch;
  at::Tensor rows;  // its concept's vectors [n, d] fp32
  // The samples of the step that the batch is part of, over all ranks.
  int64_t total_samples = 0;
};

// Returns, for each request, the sum of its batch's losses and the gradient of that sum with
// respect to its rows, both divided by its `total_samples`, so that the sums over all batches of a
// step are the step's means. All batches go through the networks as one, so their latents must have
// one size; no request's numbers depend on another's but for rounding, whether these are finite or
// not. Waits for the device in fp16 only. `keeping` does not change the numbers. Throws LibTorch's
// errors.
std::vector<LossAndGradient> ComputeGradients(const ModelParts& model,
                                              std::span<const GradientRequest> requests,
                                              Keeping keeping = Keeping::kAll);

// The same of one request.
inline LossAndGradient ComputeGradient(const ModelParts& model, const GradientRequest& request,
                                       Keeping keeping = Keeping::kAll) {
  return ComputeGradients(model, {&request, 1}, keeping).front();
}

}  // namespace imprint::engine
