#include "engine/training/objective.h"

#include <torch/csrc/autograd/autograd.h>

namespace imprint {

LossAndGradient ComputeGradient(const ModelParts& model, const TrainingBatch& batch,
                                const at::Tensor& rows, int64_t total_samples) {
  const at::Tensor variable = rows.detach().requires_grad_(true);
  const at::Tensor context = model.text_encoder.Forward(batch.captions, variable);
  const at::Tensor noisy = model.schedule.AddNoise(batch.latents, batch.noise, batch.timesteps);
  const at::Tensor target = model.schedule.Target(batch.latents, batch.noise, batch.timesteps);
  const at::Tensor prediction =
      model.unet.Forward(noisy, batch.timesteps, model.unet.KeysOf(context));

  // Each sample's mean squared error, in fp32 whatever the network computed in.
  const double share =
      static_cast<double>(batch.latents.size(0)) / static_cast<double>(total_samples);
  const at::Tensor loss = at::mse_loss(prediction.to(at::kFloat), target) * share;
  const at::Tensor gradient = torch::autograd::grad({loss}, {variable})[0];
  return {loss.item<double>(), gradient};
}

}  // namespace imprint
