#include "engine/training/objective.h"

#include <cmath>

#include <torch/csrc/autograd/autograd.h>

namespace imprint::engine {
namespace {

// In fp16 a gradient of a mean over many numbers would vanish below the least of them: the loss is
// taken times a power of two (Micikevicius et al. 2018, "Mixed Precision Training", section 3.2),
// which changes no other digit. It begins at the same one at every step, so that nothing needs to
// be kept, and becomes less where the gradient is too large for fp16.
constexpr double kFirstLossScale = 1 << 16;
constexpr double kLessLossScale = 1.0 / 16;

// The loss as a function of `variable`, which requires its gradient.
at::Tensor LossOf(const ModelParts& model, const TrainingBatch& batch, const at::Tensor& variable,
                  int64_t total_samples, Keeping keeping) {
  const at::Tensor context = model.text_encoder.Forward(batch.captions, variable);
  const at::Tensor noisy = model.schedule.AddNoise(batch.latents, batch.noise, batch.timesteps);
  const at::Tensor target = model.schedule.Target(batch.latents, batch.noise, batch.timesteps);
  const at::Tensor prediction =
      model.unet.Forward(noisy, batch.timesteps, model.unet.KeysOf(context), keeping);

  // Each sample's mean squared error, in fp32 whatever the network computed in.
  const double share =
      static_cast<double>(batch.latents.size(0)) / static_cast<double>(total_samples);
  return at::mse_loss(prediction.to(at::kFloat), target) * share;
}

}  // namespace

LossAndGradient ComputeGradient(const ModelParts& model, const TrainingBatch& batch,
                                const at::Tensor& rows, int64_t total_samples, Keeping keeping) {
  const at::Tensor variable = rows.detach().requires_grad_(true);
  const bool scaled = model.unet.type() == at::kHalf;
  // Rarely more than once: what the way back needs is not kept for another try.
  for (double scale = scaled ? kFirstLossScale : 1;; scale *= kLessLossScale) {
    const at::Tensor loss = LossOf(model, batch, variable, total_samples, keeping);
    const at::Tensor gradient = torch::autograd::grad({loss * scale}, {variable})[0] / scale;
    if (scale <= 1 || !std::isfinite(loss.item<double>()) ||
        gradient.isfinite().all().item<bool>()) {
      return {loss.detach(), gradient};
    }
  }
}

}  // namespace imprint::engine
